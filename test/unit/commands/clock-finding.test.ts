import { expect, test } from 'vitest';
import { clockFinding } from '../../../src/commands/clock-finding.ts';

test.each([
  [0, 'ok', "agrees with Meraki's"],
  [-30_000, 'ok', "agrees with Meraki's"],
  [45_400, 'warning', "Meraki's clock is 45 s ahead of this machine's"],
  [-3_605_000, 'warning', "Meraki's clock is 1 h 5 s behind this machine's"],
])('a difference of %d ms', (skewMs, state, said) => {
  expect(clockFinding(skewMs)).toMatchObject({ check: 'clock', state, said: expect.stringContaining(said) });
});
