/*
 * Why a moment of a stream looks as it does. What is covered is answered by what was read; only where nothing was
 * read does it matter why. The order of the questions is the order in which one answer makes the next pointless:
 * time that was never wanted is no gap, time that is gone needs no deadline, and an organization that cannot be
 * read explains more than the error its last run met with.
 */
import type { LedgerMoment } from '../db/moment-facts.ts';
import type { StateSince } from '../db/organization-states.ts';
import type { QuarantinedNearby } from '../db/quarantined-nearby.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import { containsInstant, rangesOf } from '../ranges.ts';
import { parseLearnedLimits } from './limits.ts';

export type Verdict =
  | 'in_future'
  | 'final_with_rows'
  | 'final_empty'
  | 'provisional'
  | 'quarantined'
  | 'dropped'
  | 'before_archive'
  | 'not_wanted'
  | 'lost'
  | 'not_settled'
  | 'organization_disabled'
  | 'never_read';

export interface MomentFacts {
  readonly moment: Instant;
  readonly now: Instant;
  readonly ledger: LedgerMoment;
  /** Rows stored for the moment: deliveries of its minute, or requests in its bucket. */
  readonly rows: number;
  readonly quarantined: QuarantinedNearby;
  readonly organization: StateSince | undefined;
}

export interface MomentVerdict {
  readonly verdict: Verdict;
  /** Until when the moment can still be read; `null` where that does not matter. */
  readonly deadline: Instant | null;
  /** What keeps the moment from being read, where something does. */
  readonly cause: 'skipped' | 'error' | 'backfill' | null;
}

export function momentVerdict(facts: MomentFacts): MomentVerdict {
  const { moment, now, ledger, rows, quarantined, organization } = facts;
  const only = (verdict: Verdict): MomentVerdict => ({ verdict, deadline: null, cause: null });
  if (moment > now) return only('in_future');
  if (ledger.state !== 'uncovered') {
    if (rows === 0 && quarantined.near > 0) return only('quarantined');
    if (ledger.state === 'provisional') return only('provisional');
    return only(rows > 0 ? 'final_with_rows' : 'final_empty');
  }
  if (ledger.droppedBefore !== null && moment < ledger.droppedBefore) return only('dropped');
  if (moment < ledger.wantedFrom) return only('before_archive');
  if (ledger.isUnwanted || (ledger.retiredAt !== null && moment >= ledger.retiredAt)) {
    return only('not_wanted');
  }
  const deadline = moment + instantOfSeconds(ledger.lookbackSeconds);
  if (ledger.lost !== null || deadline < now) return only('lost');
  if (organization !== undefined && organization.state !== 'active') {
    return { verdict: 'organization_disabled', deadline, cause: null };
  }
  const isNew = moment > now - instantOfSeconds(ledger.expectedLagSeconds);
  if (isNew && ledger.error === null) return { verdict: 'not_settled', deadline, cause: null };
  return { verdict: 'never_read', deadline, cause: causeOf(facts) };
}

function causeOf({ moment, now, ledger }: MomentFacts): 'skipped' | 'error' | 'backfill' {
  const { skipped = [] } = parseLearnedLimits(ledger.limits, now);
  if (containsInstant(rangesOf(...skipped), moment)) return 'skipped';
  return ledger.error === null ? 'backfill' : 'error';
}
