import type { Finding } from './finding.ts';
import { formatSpan } from './output.ts';

const HARMLESS_SKEW_MS = 30_000;

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
