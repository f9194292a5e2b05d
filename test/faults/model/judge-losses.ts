/*
 * What is said to be missing, at each look and at the end. Time is listed as lost only where the source has forgotten it:
 * by the model's time, and by how long it really keeps data, as nearly as the archive can know that. Covered time is
 * never listed. All that is wanted is covered, or listed, or newer than the expected lag.
 *
 * The archive keeps clear of the far edge by a margin, and counts what lies within it as out of reach. Where the source
 * keeps less than is configured, the edge is searched for by documented values and to a day: so much may be given up
 * that could still be had.
 */
import { formatInstant, type Instant, instantOfMilliseconds } from '../../../src/instant.ts';
import { contains, intersect, type Ranges, rangesOf, subtract, union } from '../../../src/ranges.ts';
import type { StreamName } from '../../../src/stream-key.ts';
import { EDGE_MARGIN } from '../../../src/sync/plan.ts';
import type { ArchiveSnapshot, StoredStream } from './archive-snapshot.ts';
import { HOUR, type ModelPlan } from './model-plan.ts';
import type { WorldTime } from './world-time.ts';

/** The source tells its time in whole seconds, and whoever asks adds the latency. */
const CLOCK_GRAIN = 2_000_000;
const SEARCHED_TO = 24 * HOUR;
/** The longest documented value below the least that a source of the model keeps. */
const LEAST_FOUND = 6 * HOUR;

/** Looks within which a commit may overtake a run that had looked at coverage and learns where the far edge is. */
const OVERTAKEN_WITHIN = 2;
const NOTHING_YET: readonly Ranges[] = Array.from({ length: OVERTAKEN_WITHIN }, () => []);

interface Before {
  /** What was covered at the last few looks, the oldest of them first. */
  readonly covered: readonly Ranges[];
  readonly wantedFrom: Instant;
  /** The least that the source was ever believed to keep: what was listed then stays listed. */
  readonly leastReachable: number;
}

export class LossJudge {
  readonly #plan: ModelPlan;
  readonly #time: WorldTime;
  readonly #before = new Map<StreamName, Before>();
  /** Stretches that were listed as lost when they were looked at. */
  seen = 0;

  constructor(plan: ModelPlan, time: WorldTime) {
    this.#plan = plan;
    this.#time = time;
  }

  /** @returns what is wrong */
  look(archive: ArchiveSnapshot): readonly string[] {
    return archive.streams.flatMap((known) => {
      const { stream, gaps } = known;
      const covered = coveredIn(archive, stream);
      const before = this.#before.get(stream);
      const coveredNow = [...(before?.covered ?? NOTHING_YET), covered].slice(-OVERTAKEN_WITHIN);
      const leastReachable = Math.min(known.reachable, before?.leastReachable ?? Number.POSITIVE_INFINITY);
      this.#before.set(stream, { covered: coveredNow, wantedFrom: known.wantedFrom, leastReachable });
      this.seen += gaps.lost.length;
      return [
        ...this.#tooShort(known),
        ...this.#tooSoon(known, leastReachable),
        ...this.#unaccounted(known, covered),
        ...named(stream, 'is covered and a gap', intersect(union(gaps.lost, gaps.pending), covered)),
        ...named(stream, 'is lost and pending', intersect(gaps.lost, gaps.pending)),
        ...named(
          stream,
          'was covered, and is not wanted any more',
          intersect(
            before?.covered[0] ?? [],
            rangesOf({ from: before?.wantedFrom ?? 0, to: known.wantedFrom }),
          ),
        ),
      ];
    });
  }

  /** What has to hold besides, once a healthy process had its way and what was lost by then is recorded. */
  end(archive: ArchiveSnapshot): readonly string[] {
    const now = instantOfMilliseconds(this.#time.now());
    const isSpoiled = (this.#plan.faults?.rules ?? []).length + (this.#plan.faults?.widths ?? []).length > 0;
    return archive.streams.flatMap(({ stream, wantedFrom, gaps, learned }) => {
      const covered = coveredIn(archive, stream);
      const forgotten = now - instantOfMilliseconds(this.#plan.reallyKept) - CLOCK_GRAIN;
      const left = isSpoiled ? (learned.skipped ?? []) : [];
      const aged = subtract(rangesOf({ from: wantedFrom, to: forgotten }), union(covered, left));
      const standing = gaps.recorded.filter(({ isRecovered }) => !isRecovered).map(({ stretch }) => stretch);
      const found = standing.filter((stretch) => contains(covered, stretch));
      return [
        ...named(stream, 'aged out, and is not listed as lost', subtract(aged, gaps.lost)),
        ...named(stream, 'aged out, and is not recorded as lost', subtract(aged, union(standing))),
        ...named(stream, 'is covered, and still recorded as lost', found),
      ];
    });
  }

  #tooShort({ stream, reachable }: StoredStream): readonly string[] {
    const { lookback, reallyKept } = this.#plan;
    const least = reallyKept < lookback ? Math.max(reallyKept - SEARCHED_TO, LEAST_FOUND) : lookback;
    if (reachable >= instantOfMilliseconds(least) - EDGE_MARGIN) return [];
    return [`${stream} is believed to be kept for ${reachable / 1e6} seconds only`];
  }

  #tooSoon({ stream, gaps }: StoredStream, leastReachable: number): readonly string[] {
    const now = instantOfMilliseconds(this.#time.now());
    const standing = gaps.recorded.filter(({ isRecovered }) => !isRecovered).map(({ stretch }) => stretch);
    const still = { from: now - leastReachable + CLOCK_GRAIN, to: now };
    return named(
      stream,
      'is listed as lost, and can still be had',
      intersect(union(gaps.lost, standing), [still]),
    );
  }

  #unaccounted({ stream, wantedFrom, expectedLag, gaps }: StoredStream, covered: Ranges): readonly string[] {
    const now = instantOfMilliseconds(this.#time.now());
    const wanted = rangesOf({ from: wantedFrom, to: now - expectedLag });
    return named(
      stream,
      'is neither covered nor a gap',
      subtract(wanted, union(covered, gaps.pending, gaps.lost)),
    );
  }
}

function coveredIn({ coverage }: ArchiveSnapshot, stream: StreamName): Ranges {
  const mine = coverage.filter((one) => one.stream === stream);
  return union(...mine.flatMap(({ final, provisional }) => [final, provisional]));
}

function named(stream: StreamName, what: string, ranges: Ranges): readonly string[] {
  return ranges
    .slice(0, 3)
    .map(({ from, to }) => `gaps: ${stream} ${what}: ${formatInstant(from)} to ${formatInstant(to)}`);
}
