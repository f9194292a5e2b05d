import { expect, test } from 'vitest';
import { clockFinding, databaseClockFindings } from '../../../src/commands/clock-finding.ts';

test.each([
  [0, 'ok', "agrees with Meraki's"],
  [-30_000, 'ok', "agrees with Meraki's"],
  [45_400, 'warning', "Meraki's clock is 45 s ahead of this machine's"],
  [-3_605_000, 'warning', "Meraki's clock is 1 h 5 s behind this machine's"],
])('a difference of %d ms', (skewMs, state, said) => {
  expect(clockFinding(skewMs)).toMatchObject({ check: 'clock', state, said: expect.stringContaining(said) });
});

test('a clock of Postgres that differs is told, and which way', () => {
  expect(databaseClockFindings(-29_000)).toEqual([]);
  expect(databaseClockFindings(86_400_000)).toMatchObject([
    { state: 'warning', said: expect.stringContaining("is 1 d ahead of this machine's") },
  ]);
  expect(databaseClockFindings(-45_000)).toMatchObject([{ said: expect.stringContaining('45 s behind') }]);
});
