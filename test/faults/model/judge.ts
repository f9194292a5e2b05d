import type pg from 'pg';
import { formatInstant, instantOfMilliseconds } from '../../../src/instant.ts';
import { intersect, type Ranges, subtract, union } from '../../../src/ranges.ts';
import type { Simulator } from '../../../src/simulator/simulator.ts';
import { type ArchiveSnapshot, type StoredCoverage, takeSnapshot } from './archive-snapshot.ts';
import type { LossJudge } from './judge-losses.ts';
import { judgeRuns } from './judge-runs.ts';
import type { UnsettledJudge } from './judge-unsettled.ts';
import type { OrderModel } from './order-model.ts';
import type { RunFiguresModel } from './run-figures.ts';
import type { ServedModel } from './served-model.ts';
import type { Difference, TruthModel } from './truth-model.ts';
import type { WorldTime } from './world-time.ts';

/** The source tells its time in whole seconds, and whoever asks adds the latency. */
const CLOCK_GRAIN = 2_000_000;

/** What an archive is compared with, and those who judge a part of it. */
export interface Judging {
  readonly observer: pg.Pool;
  readonly organizationId: string;
  readonly truth: TruthModel;
  readonly time: WorldTime;
  readonly served: ServedModel;
  readonly order: OrderModel;
  readonly unsettled: UnsettledJudge;
  readonly losses: LossJudge;
}

/** Compares the archive with the truth, as often as it is asked, and keeps what it finds. */
export class Judge {
  readonly #observer: pg.Pool;
  readonly #organizationId: string;
  readonly #truth: TruthModel;
  readonly #time: WorldTime;
  readonly #served: ServedModel;
  readonly #order: OrderModel;
  readonly #unsettled: UnsettledJudge;
  readonly #losses: LossJudge;
  readonly #finalBefore = new Map<string, Ranges>();
  readonly failures: string[] = [];
  checks = 0;
  rowsCompared = 0;
  requestsCompared = 0;
  lost = 0;
  doubled = 0;
  falseCoverage = 0;

  constructor({ observer, organizationId, truth, time, served, order, unsettled, losses }: Judging) {
    this.#order = order;
    this.#served = served;
    this.#observer = observer;
    this.#organizationId = organizationId;
    this.#truth = truth;
    this.#time = time;
    this.#unsettled = unsettled;
    this.#losses = losses;
  }

  /** I1, I2 and I5 as they have to hold at every moment. @returns what was seen, if it could be looked at */
  async look(when: string): Promise<ArchiveSnapshot | undefined> {
    const archive = await takeSnapshot(
      this.#observer,
      this.#organizationId,
      instantOfMilliseconds(this.#time.now()),
    );
    if (archive === undefined) return undefined;
    this.checks += 1;
    const logs = archive.streams.find(({ stream }) => stream === 'webhook_logs');
    const justified = this.#order.mayBeWithdrawn(logs?.open ?? [], logs?.learned ?? {});
    for (const coverage of archive.coverage) {
      this.#neverWithdrawn(coverage, coverage.stream === 'webhook_logs' ? justified : [], when);
      this.#neverAhead(coverage, when);
      this.#neverUnread(coverage, when);
      if (coverage.stream === 'webhook_logs') {
        const difference = this.#truth.compareDeliveries(coverage.final, archive.deliveries);
        this.rowsCompared += difference.compared;
        this.#record('I1: deliveries', difference, when);
        this.#record(
          'I7: broken rows',
          this.#truth.compareQuarantine(coverage.final, archive.quarantined),
          when,
        );
      } else {
        const { intervalSeconds, final } = coverage;
        const stored = archive.counts.get(intervalSeconds) ?? [];
        const difference = this.#truth.compareCounts(intervalSeconds, final, stored);
        this.requestsCompared += difference.compared;
        this.#record('I5: counts', difference, when);
      }
    }
    this.#countedOnce(archive, when);
    if (archive.quarantinedBuckets > 0)
      this.fail(`I7: ${when}: ${archive.quarantinedBuckets} sound buckets are in quarantine`);
    for (const failure of [...this.#unsettled.look(archive), ...this.#losses.look(archive)]) {
      this.fail(`${failure} (${when})`);
    }
    return archive;
  }

  /** What has to hold besides once nobody works any more. */
  async end(archive: ArchiveSnapshot, figures: RunFiguresModel, simulator: Simulator): Promise<void> {
    const runs = await judgeRuns(this.#observer, simulator, this.#organizationId, figures);
    for (const failure of [...this.#losses.end(archive), ...runs]) this.fail(failure);
  }

  fail(failure: string): void {
    this.failures.push(failure);
  }

  #record(what: string, { lost, doubled, samples }: Difference, when: string): void {
    this.lost += lost;
    this.doubled += doubled;
    if (lost + doubled === 0) return;
    this.fail(`${what} ${when}: ${lost} lost, ${doubled} too many: ${samples.join('; ')}`);
  }

  #neverWithdrawn({ stream, intervalSeconds, final }: StoredCoverage, justified: Ranges, when: string): void {
    const name = `${stream} ${intervalSeconds}`;
    const gone = subtract(this.#finalBefore.get(name) ?? [], union(final, justified));
    this.#finalBefore.set(name, final);
    if (gone.length > 0) {
      this.fail(`I2: ${name} ${when}: final time was withdrawn: ${spoken(gone)}`);
    }
  }

  #neverAhead({ stream, intervalSeconds, final, provisional }: StoredCoverage, when: string): void {
    const now = instantOfMilliseconds(this.#time.now()) + CLOCK_GRAIN;
    const ahead = subtract(union(final, provisional), [{ from: 0, to: now }]);
    if (ahead.length === 0) return;
    this.falseCoverage += 1;
    this.fail(`I2: ${stream} ${intervalSeconds} ${when}: covers time to come: ${spoken(ahead)}`);
  }

  /** Coverage lies in what was answered for, and what is final in what was answered once it had settled. */
  #neverUnread(coverage: StoredCoverage, when: string): void {
    const { stream, intervalSeconds, final, provisional } = coverage;
    const served = this.#served.time(stream);
    const unread = subtract(union(final, provisional), served.answered);
    const unsettled = subtract(final, served.settled);
    this.falseCoverage += unread.length + unsettled.length;
    const name = `${stream} ${intervalSeconds} ${when}`;
    if (unread.length > 0) this.fail(`I2: ${name}: covers what was never answered: ${spoken(unread)}`);
    if (unsettled.length > 0) this.fail(`I5: ${name}: final before it had settled: ${spoken(unsettled)}`);
  }

  /** I6: no time counts at two widths, and where it is final, the counts add up to what was asked. */
  #countedOnce({ coverage, counts }: ArchiveSnapshot, when: string): void {
    const widths = coverage.filter(({ stream }) => stream === 'api_responses');
    let seen: Ranges = [];
    let shown = 0;
    let final: Ranges = [];
    for (const { intervalSeconds, counted, final: settled } of widths) {
      const twice = intersect(seen, counted);
      if (twice.length > 0) this.fail(`I6: ${when}: ${spoken(twice)} counts at two widths`);
      seen = union(seen, counted);
      const countedFinal = intersect(counted, settled);
      final = union(final, countedFinal);
      for (const { start, count } of counts.get(intervalSeconds) ?? []) {
        if (countedFinal.some(({ from, to }) => from <= start && start < to)) shown += count;
      }
    }
    const asked = this.#truth.requests(final);
    if (shown !== asked)
      this.fail(`I6: ${when}: ${shown} requests are shown in final time, and ${asked} were made`);
  }
}

function spoken(ranges: Ranges): string {
  return ranges
    .slice(0, 3)
    .map(({ from, to }) => `${formatInstant(from)} to ${formatInstant(to)}`)
    .join(', ');
}
