import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type Output, paintFor, say, sayJson, table } from '../../../src/commands/output.ts';

/** Renames the window, in seven bits and in eight, rubs out the line, writes over it and hides what follows. */
const NAME = '\x1b[8m\x1b[40;30m\x1b]0;mine\x07Harbor\x9d0;mine\x9c\x1b[2K\r\0Retail';

async function said(speak: (output: Output) => void): Promise<string> {
  const stream = new PassThrough();
  const all = text(stream);
  speak({ stream, terminal: true });
  stream.end();
  return await all;
}

test('a name tells a terminal nothing to do, and colours stay', async () => {
  const shown = await said((output) => {
    const paint = paintFor(output);
    say(output, table(['organization', 'state'], [[NAME, paint.red('losing')]]));
    say(output, paint.yellow(`paused: ${NAME}`));
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const left = shown.replaceAll(/\x1b\[3[139]m/g, '');
  expect(left).not.toBe(shown);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(left).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f]/);
  expect(left).toContain('losing');
});

test('for programs a name is what it is', async () => {
  const shown = await said((output) => sayJson(output, { name: NAME }));
  expect(JSON.parse(shown)).toEqual({ name: NAME });
});
