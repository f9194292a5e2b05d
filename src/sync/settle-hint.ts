/*
 * A row counts as in time when a read of its time before the last one would have found it too. The lateness seen is
 * an upper bound that has the time between two reads in it, so a settle time that is only just above it has left
 * no read in reserve.
 */
import { formatDuration } from '../duration.ts';
import type { StreamName } from '../stream-key.ts';

const SETTING: Readonly<Record<StreamName, string>> = {
  webhook_logs: 'WEBHOOK_LOGS_SETTLE',
  api_responses: 'API_RESPONSES_SETTLE',
};
const NEAR = 0.8;
const MARGIN = 1.5;
const MINUTE = 60;
const LONGEST_SETTLE = 86_400;

/**
 * Whether the settle time is too short for the lateness seen.
 *
 * @param lateSeconds the most that a row was late that an earlier read of its time did not hold
 * @returns the settle time to set at least, in seconds and whole minutes; `undefined` when it is long enough
 */
export function settleAdvice(lateSeconds: number | null, settleSeconds: number): number | undefined {
  if (lateSeconds === null || lateSeconds < NEAR * settleSeconds) return undefined;
  if (settleSeconds >= LONGEST_SETTLE) return undefined;
  return Math.min(LONGEST_SETTLE, Math.ceil((lateSeconds * MARGIN) / MINUTE) * MINUTE);
}

/** The advice in words. */
export function settleHint(
  stream: StreamName,
  lateSeconds: number | null,
  settleSeconds: number,
): string | undefined {
  const advice = settleAdvice(lateSeconds, settleSeconds);
  if (advice === undefined) return undefined;
  const late = formatDuration(Math.ceil(lateSeconds ?? 0));
  const settle = formatDuration(settleSeconds);
  return `rows appeared up to ${late} after they were logged, ${SETTING[stream]} is ${settle}: set it to at least ${formatDuration(advice)}`;
}
