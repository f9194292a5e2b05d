import type { CoverageByWidth } from '../db/coverage.ts';
import type { Queryable, Transaction } from '../db/database.ts';
import type { PartitionedTable } from '../db/partition-settings.ts';
import type { RefusedRow } from '../db/quarantine.ts';
import type { FieldDrift } from '../db/schema-drift.ts';
import type { WriteCounts } from '../db/webhook-deliveries.ts';
import type { Instant } from '../instant.ts';
import type { Range, Ranges } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import type { LearnedLimits } from './limits.ts';
import type { OpenWindow } from './open-window.ts';
import type { PlannedWindow, Situation } from './plan.ts';

/** What the loop needs to know of one endpoint. `streams/` has one implementation for each. For one run at a time. */
export interface Stream {
  readonly key: StreamKey;
  /** Seconds between two reads of the live lane. */
  readonly everySeconds: number;
  /** What is documented or configured, before anything was learned. Durations in microseconds. */
  readonly limits: { readonly lookback: number; readonly span: number; readonly settle: number };
  /** Rows of this stream in quarantine beyond which no page is committed. */
  readonly quarantineLimit: number;
  /** Now, by Meraki's clock. */
  now(): Instant;
  clockSkewMs(): number;
  /** All that was sent for this stream so far, also what failed, was given up, or came and was thrown away. */
  effort(): Effort;
  situation(coverage: CoverageByWidth, wantedFrom: Instant, learned: LearnedLimits): Situation;
  open(planned: PlannedWindow, learned: LearnedLimits): OpenWindow;
  /**
   * Asks for the window's next page. Throws as `MerakiClient.follow` does.
   *
   * @param intervalSeconds bucket width to ask for, in place of the stream's usual one
   * @param idleBefore time in which an earlier read found nothing at a width, although it had settled by then; given
   *   where a later read comes by itself, so that an empty answer need not be confirmed at once
   */
  read(
    window: OpenWindow,
    learned: LearnedLimits,
    signal: AbortSignal,
    intervalSeconds?: number,
    idleBefore?: (intervalSeconds: number) => Promise<Ranges>,
  ): Promise<Reading>;
  /**
   * Stores the rows of readings of this stream, in their order.
   *
   * @param before the stream's coverage, locked
   * @param tellFresh whether the result has to name the new rows, as far as they have instants of their own
   */
  write(
    tx: Transaction,
    readings: readonly Reading[],
    before: CoverageByWidth,
    now: Instant,
    tellFresh?: boolean,
  ): Promise<WriteCounts>;
  /** What is stored of `within`, at one bucket width: the counterpart of `Reading.contents`. */
  stored(query: Queryable, intervalSeconds: number, within: Ranges): Promise<readonly Content[]>;
  /**
   * Takes surplus out of the facts, once a complete reading of its time has been written, and keeps it readable.
   * Where a reading replaces what was stored there is nothing left to take out.
   *
   * @returns how many rows
   */
  setAside(tx: Transaction, surplus: readonly Content[], now: Instant): Promise<number>;
  /** Asks for as little as possible of `asked`, to see whether it is accepted. */
  probe(asked: Range, signal: AbortSignal): Promise<unknown>;
}

/** Requests sent, and milliseconds spent on purpose: request budget and waiting to retry. */
export interface Effort {
  readonly requests: number;
  readonly waitedMs: number;
}

/**
 * How often something occurs at an instant. What it is, the key says, in a form of the stream's own: contents are
 * only compared. Where there are no buckets `amount` counts rows, else requests.
 */
export interface Content {
  readonly at: Instant;
  readonly key: string;
  readonly amount: number;
}

/** Time that is covered once a reading is committed, at one bucket width (0: no buckets). */
export interface Claim {
  readonly intervalSeconds: number;
  readonly final: Ranges;
  readonly provisional: Ranges;
  /** Time that an earlier page of the same read had claimed and this one disproves. */
  readonly retracted?: Ranges;
}

/** What became of the rows of an answer: every one received is in one of the others. */
export interface Tally {
  readonly received: number;
  /** Go to the store. */
  readonly taken: number;
  /** Go to quarantine. */
  readonly refused: number;
  /** Known from an earlier page of the same read, or buckets that another window holds whole. */
  readonly left: number;
}

/** One answer, ready to be committed. */
export interface Reading extends Effort {
  /** When Meraki answered, by its own clock. */
  readonly answeredAt: Instant;
  /** What was asked of Meraki. */
  readonly asked: Range;
  /** The window after this page; `null` when it needs no further page. */
  readonly window: OpenWindow | null;
  readonly claims: readonly Claim[];
  readonly refused: readonly RefusedRow[];
  /** Fields that are not as documented. */
  readonly drift: readonly FieldDrift[];
  readonly tally: Tally;
  /** Where the rows go: partitions there are made before the transaction begins. */
  readonly partitions: readonly { readonly table: PartitionedTable; readonly range: Range }[];
  /** What this answer taught about the source, if anything. */
  readonly learned: LearnedLimits | null;
  /** Whether the window has to be planned anew with what was learned. */
  readonly anew: boolean;
  /** Whether settled time was left provisional, for the next run to confirm. */
  readonly leavesRest?: boolean;
  /** All that this answer holds at one bucket width, whether or not it lies in what is claimed. */
  contents(intervalSeconds: number): readonly Content[];
}
