import { type CoverageByWidth, readCoverage } from '../db/coverage.ts';
import type { Database } from '../db/database.ts';
import { rememberLimits, rememberStream } from '../db/streams.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import { type Range, type Ranges, rangesOf, union } from '../ranges.ts';
import type { ReadBefore } from './lateness.ts';
import { type LearnedLimits, parseLearnedLimits } from './limits.ts';
import { beginningOf, EDGE_MARGIN, horizonOf, type Situation } from './plan.ts';
import type { Stream } from './stream.ts';

const SECOND = instantOfSeconds(1);
/** Reads of the live lane follow one another closely when none of them was left out, or one. */
const CLOSELY = 2;

/** What one run knows of its stream besides the window at hand: since when it is wanted, and what was learned. */
export class StreamMemory {
  readonly #database: Database;
  readonly #stream: Stream;
  readonly #only: Range | undefined;
  #learned: LearnedLimits = {};
  #wantedFrom: Instant = 0;
  /** Time that was answered without covering any of it: asked again at once, it would be answered alike. */
  #fruitless: Ranges = [];
  #readBefore: ReadBefore | undefined;

  constructor(database: Database, stream: Stream, only: Range | undefined) {
    this.#database = database;
    this.#stream = stream;
    this.#only = only;
  }

  get learned(): LearnedLimits {
    return this.#learned;
  }

  /** How far back the source reaches, as far as is known; in microseconds. */
  get lookback(): number {
    const { lookback } = this.#stream.limits;
    return Math.min(lookback, this.#learned.lookback ?? lookback);
  }

  /** What had been read when {@link situation} was last asked for. */
  get readBefore(): ReadBefore | undefined {
    return this.#readBefore;
  }

  /** Reads what earlier runs stored; makes the stream's record when it is new. */
  async recall(): Promise<void> {
    const { key, limits, everySeconds } = this.#stream;
    const now = this.#stream.now();
    const record = await rememberStream(
      this.#database,
      key,
      {
        wantedFrom: beginningOf(this.#stream.situation(new Map(), 0, {})),
        lookbackSeconds: reachableSeconds(limits.lookback),
        expectedLagSeconds: 2 * everySeconds + limits.settle / SECOND,
      },
      now,
    );
    const { wantedBefore, ...learned } = parseLearnedLimits(record.limits, now);
    const expired = learned.learnedAt === undefined;
    this.#learned = expired || wantedBefore === undefined ? learned : { ...learned, wantedBefore };
    this.#wantedFrom = expired ? (wantedBefore ?? record.wantedFrom) : record.wantedFrom;
  }

  async situation(): Promise<Situation> {
    const coverage = await readCoverage(this.#database.query, this.#stream.key);
    const widths = [...coverage.values()];
    const final = union(...widths.map((width) => width.final));
    const covered = union(final, ...widths.map((width) => width.provisional));
    const closely = CLOSELY * instantOfSeconds(this.#stream.everySeconds);
    this.#readBefore = { final, covered, closely };
    const situation = this.#stream.situation(coverage, this.#wantedFrom, this.#learned);
    const left = rangesOf(...(this.#learned.skipped ?? []));
    return { ...situation, done: union(situation.done, this.#fruitless, left), only: this.#only };
  }

  /** Leaves a stretch of time alone for the rest of this run. */
  skip(range: Range): void {
    this.#fruitless = union(this.#fruitless, [range]);
  }

  /**
   * Stores a lesson. Time beyond the far edge was never in reach of a stream that has nothing stored from there,
   * so it is not wanted any more; where something is stored, what is missing beside it is lost, and stays listed.
   */
  async learn(learned: LearnedLimits): Promise<void> {
    const coverage = await readCoverage(this.#database.query, this.#stream.key);
    const situation = this.#stream.situation(coverage, this.#wantedFrom, learned);
    const { lookback } = situation;
    const beginning = Math.max(this.#wantedFrom, beginningOf(situation));
    const wantedBefore = learned.wantedBefore ?? this.#wantedFrom;
    this.#wantedFrom = reachesBefore(coverage, horizonOf(situation)) ? this.#wantedFrom : beginning;
    this.#learned = { ...learned, wantedBefore, learnedAt: this.#stream.now() };
    await rememberLimits(this.#database.query, this.#stream.key, {
      limits: this.#learned,
      lookbackSeconds: reachableSeconds(lookback),
      wantedFrom: this.#wantedFrom,
    });
  }
}

/** Age up to which data are asked for: at the very edge of the lookback they are already out of reach. */
function reachableSeconds(lookback: number): number {
  return Math.floor((lookback - EDGE_MARGIN) / SECOND);
}

function reachesBefore(coverage: CoverageByWidth, horizon: Instant): boolean {
  const starts = [...coverage.values()].flatMap(({ final, provisional }) =>
    [...final, ...provisional].map((range) => range.from),
  );
  return starts.some((start) => start < horizon);
}
