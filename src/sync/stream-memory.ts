import { type CoverageByWidth, readCoverage } from '../db/coverage.ts';
import type { Database } from '../db/database.ts';
import type { LostStretch } from '../db/lost-time.ts';
import { changeLimits, rememberStream, type StreamRecord } from '../db/streams.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import { intersect, type Range, type Ranges, subtract, union } from '../ranges.ts';
import type { ReadBefore } from './lateness.ts';
import { type LearnedLimits, longestAt, longestAtAllTimes, parseLearnedLimits } from './limits.ts';
import { recordLostTime } from './lost-time.ts';
import { backfillGaps, beginningOf, EDGE_MARGIN, type Situation } from './plan.ts';
import type { Stream } from './stream.ts';

const SECOND = instantOfSeconds(1);
const NEXT_EDGE = instantOfSeconds(3_600);
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
  #coverage: CoverageByWidth = new Map();

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
    const unread = this.#stream.situation(new Map(), 0, {});
    const record = await rememberStream(
      this.#database,
      key,
      {
        wantedFrom: beginningOf(unread),
        lookbackSeconds: reachableSeconds(limits.lookback),
        // A bucket in which nobody asked anything is covered once it is over, has settled and was asked for on its own.
        expectedLagSeconds: 2 * everySeconds + limits.settle / SECOND + Math.floor(unread.grid / SECOND),
      },
      now,
    );
    const learned = recollect(record, now, beginningOf(unread));
    this.#learned = learned;
    this.#wantedFrom = learned.hopedFrom ?? record.wantedFrom;
    const known = parseLearnedLimits(record.limits, Number.NEGATIVE_INFINITY);
    const expired = known.learnedAt !== learned.learnedAt;
    const edge = expired && learned.hopedFrom === undefined ? known.lookback : undefined;
    if (edge !== undefined && !(await this.#lacksOlderThan(edge))) {
      await this.#store((stored) => ({ ...stored, lookback: edge, learnedAt: now }));
      return;
    }
    if (expired || record.lookbackSeconds !== reachableSeconds(this.lookback)) {
      await this.#store((stored) => stored);
    }
  }

  /**
   * Whether anything is to be asked for that a lesson said the source does not keep. Where nothing is, it would never be
   * refused again, and deadlines would be told by what was hoped for once.
   */
  async #lacksOlderThan(lookback: number): Promise<boolean> {
    const coverage = await readCoverage(this.#database.query, this.#stream.key);
    const situation = this.#stream.situation(coverage, this.#wantedFrom, this.#learned);
    const [oldest] = backfillGaps(situation);
    return oldest !== undefined && oldest.from < situation.now - lookback;
  }

  async situation(): Promise<Situation> {
    const coverage = await readCoverage(this.#database.query, this.#stream.key);
    this.#coverage = coverage;
    const widths = [...coverage.values()];
    const final = union(...widths.map((width) => width.final));
    const covered = union(final, ...widths.map((width) => width.provisional));
    const closely = CLOSELY * instantOfSeconds(this.#stream.everySeconds);
    this.#readBefore = { final, covered, closely };
    const situation = this.#stream.situation(coverage, this.#wantedFrom, this.#learned);
    const left = union((this.#learned.skipped ?? []).filter(({ until }) => until > situation.now));
    const { lead, reach, now } = situation;
    return {
      ...situation,
      span: Math.min(situation.span, lead + longestAtAllTimes(this.#learned, now) + reach),
      done: union(situation.done, this.#fruitless, left),
      only: this.#only,
    };
  }

  /**
   * Provisional time that had settled by the read before, and in which nothing is stored at this width: that read found
   * it idle. What had been covered when {@link situation} was last asked for counts.
   */
  async idleBefore(intervalSeconds: number): Promise<Ranges> {
    const provisional = this.#coverage.get(intervalSeconds)?.provisional ?? [];
    const newest = provisional.at(-1);
    if (newest === undefined) return [];
    const settled = { from: Number.NEGATIVE_INFINITY, to: newest.to - this.#stream.limits.settle };
    const covered = intersect(provisional, [settled]);
    const stored = await this.#stream.stored(this.#database.query, intervalSeconds, covered);
    const width = instantOfSeconds(intervalSeconds);
    return subtract(covered, union(stored.map(({ at }) => ({ from: at, to: at + width }))));
  }

  /** How long a window that begins at `from` may be, after longer ones could not be read there; in microseconds. */
  longestAt(from: Instant): number {
    return longestAt(this.#learned, from, this.#stream.now());
  }

  /** Leaves a stretch of time alone for the rest of this run. */
  skip(range: Range): void {
    this.#fruitless = union(this.#fruitless, [range]);
  }

  /** Notes from when on Meraki has answered. It is the far edge that counts: a little older tells nothing new. */
  async noteAnswered(from: Instant): Promise<void> {
    const { reached = Number.POSITIVE_INFINITY } = this.#learned;
    if (from > reached - NEXT_EDGE) return;
    await this.#store((stored) => ({ ...stored, reached: Math.min(from, stored.reached ?? from) }));
  }

  /**
   * Stores a lesson. Time beyond the far edge that Meraki has never answered for was never in reach, so it is not
   * wanted any more; where it has, what is missing there is lost, and stays listed.
   *
   * @param before what was known when it was learnt: another window may have taught something else since
   * @returns what was lost by it
   */
  async learn(learned: LearnedLimits, before = this.#learned): Promise<readonly LostStretch[]> {
    const edgeMoved = learned.lookback !== before.lookback;
    const learnedAt = learned.learnedAt ?? this.#stream.now();
    // A run that was killed between a commit and its note of it leaves coverage alone to tell what was answered.
    const covered = edgeMoved ? await this.#oldestCovered() : Number.POSITIVE_INFINITY;
    await this.#store(
      (stored, wantedFrom) => ({
        ...withReached(withDisproved(stored, merged(stored, before, learned)), covered),
        wantedBefore: stored.wantedBefore ?? stored.hopedFrom ?? wantedFrom,
        learnedAt: stored.learnedAt ?? learnedAt,
      }),
      edgeMoved,
    );
    if (!edgeMoved) return [];
    return await recordLostTime(this.#database, this.#stream.now(), this.#stream.key.organizationId);
  }

  async #oldestCovered(): Promise<Instant> {
    const coverage = await readCoverage(this.#database.query, this.#stream.key);
    const covered = union(
      ...[...coverage.values()].flatMap(({ final, provisional }) => [final, provisional]),
    );
    return covered[0]?.from ?? Number.POSITIVE_INFINITY;
  }

  /** Both lanes of a stream learn, at the same time perhaps: a lesson is added to what is stored by then. */
  async #store(
    change: (stored: LearnedLimits, wantedFrom: Instant) => LearnedLimits,
    edgeMoved = false,
  ): Promise<void> {
    await changeLimits(this.#database, this.#stream.key, (record) => {
      const beginning = beginningOf(this.#stream.situation(new Map(), 0, {}));
      const stored = recollect(record, this.#stream.now(), beginning);
      const { hopedFrom, ...changed } = change(stored, record.wantedFrom);
      const situation = this.#stream.situation(new Map(), record.wantedFrom, changed);
      const { reached = Number.POSITIVE_INFINITY } = changed;
      // Where it was in reach once, what is missing there is lost, and stays wanted.
      const everInReach = Math.min(beginningOf(situation), reached);
      const isAnswered = hopedFrom !== undefined && reached < record.wantedFrom;
      const before = isAnswered ? Math.max(hopedFrom, record.droppedBefore ?? hopedFrom) : record.wantedFrom;
      const wantedFrom = edgeMoved ? Math.max(before, everInReach) : before;
      const hopesStill = hopedFrom !== undefined && !isAnswered && !edgeMoved;
      this.#learned = hopesStill ? { ...changed, hopedFrom } : changed;
      this.#wantedFrom = hopesStill ? hopedFrom : wantedFrom;
      return { limits: this.#learned, lookbackSeconds: reachableSeconds(situation.lookback), wantedFrom };
    });
  }
}

/**
 * What was learned and holds still. When a lesson has expired that moved the far edge, what was wanted before is hoped for
 * again, but for time that the source has never answered for and that is too old by now for all that may be hoped of
 * it, and for what RETENTION has dropped. It is wanted, and so a gap with a deadline, once the source has answered.
 *
 * @param beginning since when a stream without lessons would be wanted that is new now
 */
function recollect(record: StreamRecord, now: Instant, beginning: Instant): LearnedLimits {
  const { wantedBefore, ...learned } = parseLearnedLimits(record.limits, now);
  if (wantedBefore === undefined) return learned;
  const expired = learned.learnedAt === undefined;
  if (!expired) return { ...learned, wantedBefore };
  const movedTheEdge = parseLearnedLimits(record.limits, Number.NEGATIVE_INFINITY).lookback !== undefined;
  if (!movedTheEdge) return learned;
  const { reached = beginning } = learned;
  const dropped = record.droppedBefore ?? Number.NEGATIVE_INFINITY;
  const hopedFrom = Math.max(wantedBefore, Math.min(reached, beginning), dropped);
  return hopedFrom < record.wantedFrom ? { ...learned, hopedFrom } : learned;
}

/** What is stored, with what `after` has changed of `before`. */
function merged(stored: LearnedLimits, before: LearnedLimits, after: LearnedLimits): LearnedLimits {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof LearnedLimits)[];
  const changed = names.filter((name) => before[name] !== after[name]);
  const rest = Object.entries(stored).filter(([name]) => !changed.some((other) => other === name));
  const lessons = changed.flatMap((name) => (after[name] === undefined ? [] : [[name, after[name]]]));
  return Object.fromEntries([...rest, ...lessons]);
}

function withReached(lessons: LearnedLimits, covered: Instant): LearnedLimits {
  const reached = Math.min(lessons.reached ?? Number.POSITIVE_INFINITY, covered);
  return Number.isFinite(reached) ? { ...lessons, reached } : lessons;
}

/** An order that gives way to another lesson was disproved by it: a lesson that expires is not here any more. */
function withDisproved({ order }: LearnedLimits, lessons: LearnedLimits): LearnedLimits {
  const isDisproved = order !== lessons.order && (order === 'ascending' || order === 'descending');
  return isDisproved ? { ...lessons, disproved: order } : lessons;
}

/** Age up to which data are asked for: at the very edge of the lookback they are already out of reach. */
function reachableSeconds(lookback: number): number {
  return Math.floor((lookback - EDGE_MARGIN) / SECOND);
}
