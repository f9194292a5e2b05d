/* Secrets in the configuration: where the key may come from, and that no fault repeats one. */
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { faultsOf, file, KEY, pathOf, removeFilesAfterTests } from './loaded-config.ts';

removeFilesAfterTests();

test.each([
  ['DATABASE_URL', 'postgres://u:100%sure@db/x'],
  ['DATABASE_URL', 'postgres://50%:p@db/x'],
  ['REDIS_URL', 'redis://:100%sure@cache'],
])('a percent sign in the user or password of %s has to be encoded, and is not printed', (name, url) => {
  const faults = faultsOf({ MERAKI_DASHBOARD_API_KEY: KEY, [name]: url });
  expect(faults).toContain(`${name} has a user name or password with a %`);
  expect(faults).not.toContain('sure');
});

describe('the key', () => {
  test('is needed, but for commands that need none', () => {
    expect(faultsOf({})).toContain('MERAKI_DASHBOARD_API_KEY is not set');
    expect(faultsOf({ MERAKI_DASHBOARD_API_KEY: ' ' })).toContain('MERAKI_DASHBOARD_API_KEY is not set');
    expect(loadConfig({}, { key: false, terminal: false }).meraki.key).toBeUndefined();
  });

  test('may come from a file, without its line end', () => {
    const path = file('key', `${KEY}\n`);
    expect(
      loadConfig({ MERAKI_DASHBOARD_API_KEY_FILE: path }, { key: true, terminal: false }).meraki.key,
    ).toBe(KEY);
  });

  test('from a file that is empty counts as missing', () => {
    expect(faultsOf({ MERAKI_DASHBOARD_API_KEY_FILE: file('empty', '\n') })).toContain('is not set');
  });

  test('from a file that cannot be read', () => {
    expect(faultsOf({ MERAKI_DASHBOARD_API_KEY_FILE: pathOf('absent') })).toMatch(
      /MERAKI_DASHBOARD_API_KEY_FILE .*ENOENT/,
    );
  });

  test('from both is a contradiction', () => {
    const both = { MERAKI_DASHBOARD_API_KEY: KEY, MERAKI_DASHBOARD_API_KEY_FILE: file('key2', KEY) };
    expect(faultsOf(both)).toContain('both set');
  });

  test.each(['two words', 'ключ', 'line\nbreak'])('%j cannot be one', (key) => {
    expect(faultsOf({ MERAKI_DASHBOARD_API_KEY: key })).toContain('MERAKI_DASHBOARD_API_KEY holds');
  });
});

describe('I8 no value of a secret is in the message', () => {
  test.each([
    ['the key', { MERAKI_DASHBOARD_API_KEY: 'hunter2 with-space' }],
    ['the key, in a file', { MERAKI_DASHBOARD_API_KEY_FILE: file('bad-key', 'hunter2 with-space') }],
    ['the database password', { MERAKI_DASHBOARD_API_KEY: KEY, DATABASE_URL: 'mysql://u:hunter2@db/x' }],
    ['the Redis password', { MERAKI_DASHBOARD_API_KEY: KEY, REDIS_URL: 'http://:hunter2@cache' }],
    ['a good one beside a fault', { MERAKI_DASHBOARD_API_KEY: 'hunter2', LOG_LEVEL: 'loud' }],
    ['the key, where the name of its file belongs', { MERAKI_DASHBOARD_API_KEY_FILE: 'hunter2' }],
    // What JSON.parse and zod have to say repeats words of the text.
    ['a secret file, read as series', { MERAKI_DASHBOARD_API_KEY: KEY, SERIES_FILE: file('s', 'hunter2') }],
    [
      'a field of a secret file, read as series',
      { MERAKI_DASHBOARD_API_KEY: KEY, SERIES_FILE: file('f', '{"hunter2":1,"series":[{"hunter2":1}]}') },
    ],
  ])('%s', (_, environment) => {
    const message = faultsOf(environment);
    expect(message).not.toBe('');
    expect(message).not.toContain('hunter2');
  });
});
