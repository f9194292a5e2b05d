import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLog, type Log } from '../../src/log.ts';

const SECRET = '6bec40cf957de430a6f1f2baa056b99a4fac9ea0';

/** What lands in the destination when `say` is done. */
async function written(
  format: 'pretty' | 'json',
  secrets: readonly string[],
  say: (log: Log) => void,
  level = 'trace',
): Promise<string> {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  say(createLog({ level, format, secrets }, destination));
  await new Promise((resolve) => setTimeout(resolve, 30));
  return text;
}

describe.each(['json', 'pretty'] as const)('I8 as %s, the key is not in', (format) => {
  test.each<[string, (log: Log) => void]>([
    ['a message', (log) => log.info(`asked with ${SECRET}`)],
    ['a field', (log) => log.info({ key: SECRET }, 'asked')],
    ['a header', (log) => log.warn({ headers: { authorization: `Bearer ${SECRET}` } }, 'asked')],
    ['an error', (log) => log.error(new Error(`no answer for ${SECRET}`))],
    [
      'the cause of an error',
      (log) => log.error({ err: new Error('outer', { cause: new Error(`inner ${SECRET}`) }) }, 'failed'),
    ],
    ['the name of a field', (log) => log.info({ [SECRET]: true }, 'asked')],
    ['a child logger', (log) => log.child({ key: SECRET }).info('asked')],
    ['a URL', (log) => log.info(`https://x.example/?key=${SECRET}&again=${SECRET}`)],
  ])('%s', async (_, say) => {
    const text = await written(format, [SECRET], say);
    expect(text).not.toBe('');
    expect(text).not.toContain(SECRET);
    expect(text).toContain('[secret]');
  });

  test('the rest of the line stays', async () => {
    const text = await written(format, [SECRET], (log) => log.info({ pages: 17 }, `${SECRET} read`));
    expect(text).toContain('17');
    expect(text).toContain('[secret] read');
  });

  /** Such a secret stands escaped in the line. */
  test.each(['pass"word\\1', 'tab\tulator'])('a line, when the secret is %j', async (secret) => {
    const text = await written(format, [secret], (log) => log.info({ secret }, `with ${secret}.`));
    expect(text).toContain('with [secret].');
    expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
    expect(text).not.toContain(secret);
  });

  /** Replaced first, the shorter secret would leave the longer one's tail. */
  test('a line, when one secret begins with another', async () => {
    const text = await written(format, ['swordfish', 'swordfish-2026'], (log) => log.info('swordfish-2026'));
    expect(text).not.toContain('2026-2026');
    expect(text).not.toContain('-2026"');
    expect(text).toMatch(/\[secret\](?!-2026)/);
  });
});

test('a secret too short to be one does not cut lines to pieces', async () => {
  expect(await written('json', ['', 'a'], (log) => log.info('a banana'))).toContain('a banana');
});

test('json: one object a line, with level, ISO time and message', async () => {
  const text = await written('json', [], (log) => {
    log.info({ pages: 3 }, 'first');
    log.debug('second');
  });
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    { level: 30, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/), pages: 3, msg: 'first' },
    { level: 20, time: expect.any(String), msg: 'second' },
  ]);
});

test('below the level nothing is written', async () => {
  expect(await written('json', [], (log) => log.info('quiet'), 'warn')).toBe('');
  expect(await written('json', [], (log) => log.fatal('quiet'), 'silent')).toBe('');
});
