/*
 * What is stored and not final yet, at each look. Deliveries are such as the source had shown by then, none of them
 * oftener; and provisional time has all that had appeared when the window that claims it was first asked for. A bucket of
 * counts holds what one answer said of it, as a whole, and never more than was true.
 */
import { formatInstant, instantOfMilliseconds, instantOfSeconds } from '../../../src/instant.ts';
import { containsInstant, intersect, type Ranges, subtract } from '../../../src/ranges.ts';
import { type AnswersModel, bucketStarts, bucketText } from './answers-model.ts';
import type { ArchiveSnapshot, StoredCoverage } from './archive-snapshot.ts';
import { countLines, type StoredLine } from './delivery-lines.ts';
import type { ModelPlan } from './model-plan.ts';
import type { StoredCount, TruthModel } from './truth-model.ts';
import type { WorldTime } from './world-time.ts';

/** A delivery is logged within so much, and late by as much as the plan says. */
const LOGGED_WITHIN = instantOfSeconds(120);
const SAMPLES = 3;

export class UnsettledJudge {
  readonly #truth: TruthModel;
  readonly #answers: AnswersModel;
  readonly #time: WorldTime;
  readonly #settle: number;
  rows = 0;
  buckets = 0;

  constructor(truth: TruthModel, answers: AnswersModel, time: WorldTime, { settle }: ModelPlan) {
    this.#truth = truth;
    this.#answers = answers;
    this.#time = time;
    this.#settle = instantOfMilliseconds(settle.logs);
  }

  /** @returns what is wrong */
  look({ coverage, deliveries, counts }: ArchiveSnapshot): readonly string[] {
    const logs = coverage.find(({ stream }) => stream === 'webhook_logs');
    const final = logs?.final ?? [];
    const unsettled = deliveries.filter(({ at }) => !containsInstant(final, at));
    const stored = countLines(unsettled);
    this.rows += unsettled.length;
    return [
      ...this.#tooOften(unsettled, stored),
      ...this.#missing(logs?.provisional ?? [], stored),
      ...coverage
        .filter(({ stream }) => stream === 'api_responses')
        .flatMap((one) => this.#unsaid(one, counts.get(one.intervalSeconds) ?? [])),
    ];
  }

  #tooOften(unsettled: readonly StoredLine[], stored: ReadonlyMap<string, number>): readonly string[] {
    if (unsettled.length === 0) return [];
    const now = instantOfMilliseconds(this.#time.now());
    // What is so new may not have appeared, though it will.
    const recent = { from: now - this.#settle - LOGGED_WITHIN, to: now + 1 };
    const hasRecent = unsettled.some(({ at }) => at >= recent.from);
    const shown = countLines(hasRecent ? this.#truth.shownAt(now, recent) : []);
    const ever = this.#truth.timesOfDeliveries(now);
    const wrong = unsettled.filter(({ at, line }) => {
      const most = (at >= recent.from ? shown : ever).get(line) ?? 0;
      return (stored.get(line) ?? 0) > most;
    });
    return told(
      'deliveries were never shown, or not so often',
      wrong.map(({ line }) => line),
    );
  }

  #missing(provisional: Ranges, stored: ReadonlyMap<string, number>): readonly string[] {
    const shown: StoredLine[] = [];
    let rest = provisional;
    for (const { since, ...claim } of this.#answers.claimsOf(provisional)) {
      for (const range of intersect(rest, [claim])) shown.push(...this.#truth.shownAt(since, range));
      rest = subtract(rest, [claim]);
    }
    const missing = [...countLines(shown)].filter(([line, count]) => count > (stored.get(line) ?? 0));
    return [
      ...told(
        'deliveries of provisional time are missing',
        missing.map(([line]) => line),
      ),
      ...told(
        'stretches were claimed by no answer',
        rest.map(({ from, to }) => `${formatInstant(from)} to ${formatInstant(to)}`),
      ),
    ];
  }

  #unsaid(
    { intervalSeconds, final, provisional }: StoredCoverage,
    stored: readonly StoredCount[],
  ): readonly string[] {
    const starts = bucketStarts(provisional, intervalSeconds);
    const buckets = new Map(starts.map((start) => [start, [] as StoredCount[]]));
    for (const count of stored) {
      if (containsInstant(final, count.start)) continue;
      const bucket = buckets.get(count.start);
      if (bucket === undefined) buckets.set(count.start, [count]);
      else bucket.push(count);
    }
    this.buckets += buckets.size;
    const unsaid: string[] = [];
    const untrue: string[] = [];
    for (const [start, counts] of buckets) {
      const text = bucketText(counts.map(({ code, count }) => ({ code: String(code), count })));
      const spoken = `${intervalSeconds}s ${formatInstant(start)} ${text === '' ? 'idle' : text}`;
      if (!this.#answers.isSaid(intervalSeconds, start, text)) unsaid.push(spoken);
      if (!counts.every((count) => this.#truth.mayHold(intervalSeconds, count))) untrue.push(spoken);
    }
    return [
      ...told('buckets are as no answer said', unsaid),
      ...told('buckets hold more than is true', untrue),
    ];
  }
}

function told(what: string, wrong: readonly string[]): readonly string[] {
  if (wrong.length === 0) return [];
  return [`provisional: ${wrong.length} ${what}: ${wrong.slice(0, SAMPLES).join('; ')}`];
}
