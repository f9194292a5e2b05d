/*
 * Why a stretch of time was lost, told from what is known when the loss is noticed. The most particular cause goes
 * first: a source that keeps less, or cannot answer for that very stretch, explains a loss whatever else was wrong;
 * an organization without access cannot be read by anybody; without runs nothing was tried; and an error is the
 * reason only when there were runs to meet with it.
 */
import type { StateSince } from '../db/organization-states.ts';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import { overlaps, type Range, type Ranges } from '../ranges.ts';

/** Runs older than this before the loss have nothing to do with it. */
export const LAST_CHANCE = instantOfSeconds(86_400);
/** A lesson moves the edge to the second; the loss is noticed right after it. */
const LESSON_SLACK = instantOfSeconds(600);

export interface LossFacts {
  readonly stretch: Range;
  /** When the last of the stretch left the reach of the source, going by how long it is believed to keep data. */
  readonly leftReachAt: Instant;
  /** When the source was found to keep less than was thought; `null` when it was not. */
  readonly lookbackLearnedAt: Instant | null;
  /** Stretches that the source failed to answer for. */
  readonly unanswered: Ranges;
  /** The organization's state when the last of the stretch was lost; `undefined` where that is not known. */
  readonly organization: StateSince | undefined;
  /** Whether a run of the stream began within {@link LAST_CHANCE} before the loss. */
  readonly ran: boolean;
  /** What the stream's last run failed with; `null` when it succeeded. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface LossReason {
  /** Short and stable: see the comment of `meraki.lost_time.reason`. */
  readonly reason: string;
  readonly detail: string;
}

export function lossReason(facts: LossFacts): LossReason {
  const { organization, error, lookbackLearnedAt } = facts;
  if (lookbackLearnedAt !== null && facts.leftReachAt <= lookbackLearnedAt + LESSON_SLACK) {
    return {
      reason: 'source_keeps_less',
      detail: `Meraki was found to keep less than expected on ${day(lookbackLearnedAt)}.`,
    };
  }
  if (overlaps(facts.unanswered, facts.stretch)) {
    return {
      reason: 'source_cannot_answer',
      detail: 'Meraki failed to answer for this stretch, again and again, while it answered for other time.',
    };
  }
  if (organization !== undefined && organization.state !== 'active') {
    return { reason: organization.state, detail: stateDetail(organization) };
  }
  if (!facts.ran) {
    return {
      reason: 'not_running',
      detail: 'No sync of this stream began in the last day that it could be had.',
    };
  }
  if (error !== null) return { reason: error.code, detail: `The sync failed: ${error.message}` };
  return { reason: 'fell_behind', detail: 'The sync ran, and did not come to it in time.' };
}

function stateDetail({ state, since }: StateSince): string {
  const what = {
    active: 'The organization could be read',
    api_disabled: "The organization's API access was disabled",
    refused: 'Meraki refused to answer for the organization',
    vanished: 'The key no longer saw the organization',
    left_out: 'MERAKI_ORGANIZATION_IDS left the organization out',
  }[state];
  return `${what}, since ${day(since)}.`;
}

function day(instant: Instant): string {
  return `${formatInstant(instant).slice(0, 16).replace('T', ' ')} UTC`;
}
