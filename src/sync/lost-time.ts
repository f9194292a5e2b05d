import type { Database, Transaction } from '../db/database.ts';
import {
  findUnrecorded,
  type LostStretch,
  lockLostTime,
  markRecovered,
  ranWithin,
  saveLostStretch,
  type Unrecorded,
} from '../db/lost-time.ts';
import { readStates, type StateSince, stateAt } from '../db/organization-states.ts';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import type { Log } from '../log.ts';
import { type Range, rangesOf } from '../ranges.ts';
import { describeStream } from '../stream-key.ts';
import { parseLearnedLimits } from './limits.ts';
import { LAST_CHANCE, type LossFacts, lossReason } from './loss-reason.ts';

/**
 * Records, for ever, wanted time that left the source's reach without being read, and why. Any number of workers
 * may do so at once, and doing it again changes nothing.
 *
 * @param now by Meraki's clock, once it has answered: by a wrong one, time would count as lost that is not
 * @param organizationId restricts the work to one organization
 * @returns what was recorded now, but for what only makes an earlier record longer
 */
export async function recordLostTime(
  database: Database,
  now: Instant,
  organizationId?: string,
): Promise<readonly LostStretch[]> {
  const candidates = await findUnrecorded(database.query, now, organizationId);
  const losses: LostStretch[] = [];
  for (const id of new Set(candidates.map(({ key }) => key.organizationId))) {
    losses.push(...(await database.transaction((tx) => recordOne(tx, id, now))));
  }
  await markRecovered(database.query, now);
  return losses;
}

/** Warns of what was lost. */
export function tellLosses(log: Log, losses: readonly LostStretch[]): void {
  for (const { key, stretch, reason, detail } of losses) {
    log.warn(
      { ...key, from: formatInstant(stretch.from), to: formatInstant(stretch.to), reason },
      `time of ${describeStream(key)} is lost for good: Meraki no longer has it. ${detail}`,
    );
  }
}

async function recordOne(tx: Transaction, organizationId: string, now: Instant): Promise<LostStretch[]> {
  await lockLostTime(tx, organizationId);
  const states = await readStates(tx, organizationId);
  const losses: LostStretch[] = [];
  for (const unrecorded of await findUnrecorded(tx, now, organizationId)) {
    for (const stretch of unrecorded.stretches) {
      const loss = await explainLoss(tx, unrecorded, stretch, states, now);
      const isNew = await saveLostStretch(tx, loss, now);
      if (isNew) losses.push(loss);
    }
  }
  return losses;
}

async function explainLoss(
  tx: Transaction,
  { key, limits, lookbackSeconds, error }: Unrecorded,
  stretch: Range,
  states: readonly StateSince[],
  now: Instant,
): Promise<LostStretch> {
  // Lessons that have expired are no rule for the future, but they are what happened.
  const { lookback, learnedAt = null, skipped = [] } = parseLearnedLimits(limits, Number.NEGATIVE_INFINITY);
  const leftReachAt = Math.min(now, stretch.to + instantOfSeconds(lookbackSeconds));
  const facts: LossFacts = {
    stretch,
    leftReachAt,
    lookbackLearnedAt: lookback === undefined ? null : learnedAt,
    unanswered: rangesOf(...skipped),
    organization: stateAt(states, leftReachAt) ?? states[0],
    ran: await ranWithin(tx, key, { from: leftReachAt - LAST_CHANCE, to: leftReachAt }),
    error,
  };
  const { reason, detail } = lossReason(facts);
  const lostAt =
    reason === 'source_keeps_less' && learnedAt !== null ? Math.max(leftReachAt, learnedAt) : leftReachAt;
  return { key, stretch, lostAt: Math.min(lostAt, now), reason, detail };
}
