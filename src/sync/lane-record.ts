import type { Clock } from '../clock.ts';
import { advanceCheckpoint, type HeldCheckpoint, releaseCheckpoint } from '../db/checkpoints.ts';
import type { Database } from '../db/database.ts';
import type { Partitions } from '../db/partitions.ts';
import type { FieldDrift } from '../db/schema-drift.ts';
import { noCounts, type RunCounts, type RunOutcome, type RunState, saveRun } from '../db/sync-runs.ts';
import { type Instant, instantOfMilliseconds } from '../instant.ts';
import type { Log } from '../log.ts';
import type { Ranges } from '../ranges.ts';
import { describeStream, type Lane } from '../stream-key.ts';
import { commitPages, retractClaims } from './commit-pages.ts';
import type { ReadBefore } from './lateness.ts';
import { type OpenWindow, storedWindows } from './open-window.ts';
import type { PagesRead } from './pages-ahead.ts';
import type { Effort, Stream } from './stream.ts';

export interface RecordOptions {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly stream: Stream;
  readonly lane: Lane;
  readonly runId: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** What one run writes: its pages, the checkpoint that it holds, and its own figures. One transaction at a time. */
export class LaneRecord {
  readonly #options: RecordOptions;
  readonly #startedAt: Instant;
  readonly #effortBefore: Effort;
  #held: HeldCheckpoint;
  #counts: RunCounts = noCounts;

  constructor(options: RecordOptions, held: HeldCheckpoint) {
    this.#options = options;
    this.#held = held;
    this.#startedAt = options.stream.now();
    this.#effortBefore = options.stream.effort();
  }

  /** As of now: requests and waiting are those of the whole run, not only of the pages that were committed. */
  get counts(): RunCounts {
    const { requests, waitedMs } = this.#options.stream.effort();
    const before = this.#effortBefore;
    return { ...this.#counts, requests: requests - before.requests, waitedMs: waitedMs - before.waitedMs };
  }

  /**
   * Commits pages of one window.
   *
   * @param before what was read before it, where lateness is to be measured
   * @param besides the lane's other windows, as they stand
   * @throws as `commitPages` does
   */
  async commit(
    pages: PagesRead,
    before: ReadBefore | undefined,
    besides: readonly OpenWindow[],
  ): Promise<void> {
    const { database, partitions, stream } = this.#options;
    const [first, ...others] = pages;
    const readings = [first.reading, ...others.map(({ reading }) => reading)] as const;
    const terms = {
      local: this.#localNow(),
      meraki: stream.now(),
      quarantineLimit: stream.quarantineLimit,
      readBefore: before,
      besides,
    };
    const state = { ...this.#state(), counts: withoutEffortOf(readings, this.counts) };
    const committed = await commitPages(database, partitions, stream, this.#held, state, readings, terms);
    this.#held = committed.held;
    this.#counts = committed.counts;
    this.#tellDrift(committed.drift);
  }

  /**
   * Moves the checkpoint without a page, once a window was given up: to the others, as they stand.
   *
   * @param retracted time that the window had claimed, and that is not to be believed any more
   */
  async keepOnly(windows: readonly OpenWindow[], retracted: Ranges): Promise<void> {
    const { database, stream } = this.#options;
    this.#held = await database.transaction(async (tx) => {
      const held = await advanceCheckpoint(tx, this.#held, storedWindows(windows), this.#localNow());
      if (retracted.length > 0) await retractClaims(tx, held.key, retracted, stream.now());
      return held;
    });
  }

  async end(outcome: RunOutcome, error: string | null): Promise<void> {
    const { database, stream } = this.#options;
    await saveRun(database.query, { ...this.#state(), outcome, error, finishedAt: stream.now() });
    await releaseCheckpoint(database, this.#held);
  }

  #tellDrift(drift: readonly FieldDrift[]): void {
    const { log, stream } = this.#options;
    for (const { field, kind, sampleType } of drift) {
      log.warn(
        { ...stream.key, field, kind, sampleType },
        `${describeStream(stream.key)}: the field ${field} is not as documented (${kind}); see meraki.schema_drift`,
      );
    }
  }

  #localNow(): Instant {
    return instantOfMilliseconds(this.#options.clock.now());
  }

  #state(): RunState {
    return {
      runId: this.#options.runId,
      key: this.#options.stream.key,
      lane: this.#options.lane,
      startedAt: this.#startedAt,
      counts: this.counts,
      outcome: 'running',
      finishedAt: null,
      error: null,
    };
  }
}

/** `commitPages` adds what its pages took, which is among all that the run has sent. */
function withoutEffortOf(readings: readonly Effort[], counts: RunCounts): RunCounts {
  const sum = (of: (effort: Effort) => number) => readings.reduce((all, one) => all + of(one), 0);
  return {
    ...counts,
    requests: counts.requests - sum(({ requests }) => requests),
    waitedMs: counts.waitedMs - sum(({ waitedMs }) => waitedMs),
  };
}
