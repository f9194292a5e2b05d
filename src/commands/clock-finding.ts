import type { Finding } from './finding.ts';
import { formatSpan } from './output.ts';

const HARMLESS_SKEW_MS = 30_000;

/**
 * What is wrong with the clock that views tell deadlines and lost time by; nothing where it agrees with this machine's.
 *
 * @param skewMs how far that of Postgres is ahead
 */
export function databaseClockFindings(skewMs: number): readonly Finding[] {
  if (Math.abs(skewMs) <= HARMLESS_SKEW_MS) return [];
  const side = skewMs > 0 ? 'ahead of' : 'behind';
  const said = `that of Postgres is ${formatSpan(Math.abs(skewMs) / 1_000)} ${side} this machine's; views and warnings tell by it what is lost and when: switch on NTP`;
  return [{ check: 'database clock', state: 'warning', said, exitCode: 0 }];
}

/** Whether this machine's clock agrees with Meraki's. @param skewMs how far Meraki's is ahead */
export function clockFinding(skewMs: number): Finding {
  if (Math.abs(skewMs) <= HARMLESS_SKEW_MS) {
    return { check: 'clock', state: 'ok', said: "agrees with Meraki's", exitCode: 0 };
  }
  const side = skewMs > 0 ? 'ahead of' : 'behind';
  return {
    check: 'clock',
    state: 'warning',
    said: `Meraki's clock is ${formatSpan(Math.abs(skewMs) / 1_000)} ${side} this machine's; runs follow Meraki's, but switch on NTP`,
    exitCode: 0,
  };
}
