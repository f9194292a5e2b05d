/*
 * What has to hold once all faults have ended and a healthy worker had its way: nothing that can be had is
 * missing, and no page was asked much oftener than it had to be (I3). What overlaps with a page is repeated each time a
 * lane is taken anew or a page token is refused. Whoever takes a lane also repeats what had been asked for and was not
 * committed; pages before a refused one are committed first.
 */
import {
  formatInstant,
  type Instant,
  instantOfMilliseconds,
  instantOfSeconds,
} from '../../../src/instant.ts';
import { type Ranges, rangesOf, shrinkToGrid, subtract, union } from '../../../src/ranges.ts';
import type { StreamName } from '../../../src/stream-key.ts';
import { EDGE_MARGIN } from '../../../src/sync/plan.ts';
import type { ArchiveSnapshot, StoredStream } from './archive-snapshot.ts';
import type { StoredLine } from './delivery-lines.ts';
import type { Judge } from './judge.ts';
import type { ModelPlan } from './model-plan.ts';
import type { Surroundings } from './model-process.ts';
import type { TruthModel } from './truth-model.ts';
import type { WorldTime } from './world-time.ts';

export interface EndFigures {
  readonly pages: number;
  readonly pagesLeast: number;
  readonly pagesMost: number;
  readonly rowsFinal: number;
}

/** Rows so far apart are in doubt together: see `REACH` and `LEAD` of the log's stream. */
const OVERLAP = instantOfSeconds(121);
const SLACK = instantOfSeconds(30);
const IDLE_BUCKETS = 3;
/** What an empty answer leaves for the next one to confirm is no longer: two periods of the live lane. */
const ONE_CYCLE = instantOfSeconds(600);
/** As many pages may be on their way: four that are being committed, and four that were read meanwhile. */
const PAGES_IN_FLIGHT = 8;

export function judgeEnd(
  { plan, simulator, fence }: Surroundings,
  time: WorldTime,
  truth: TruthModel,
  judge: Judge,
  archive: ArchiveSnapshot,
  struck: number,
): EndFigures {
  const now = instantOfMilliseconds(time.now());
  const logs = finalOf(archive, 'webhook_logs');
  for (const known of archive.streams) {
    const { missing, wanted } = missingOf(plan, archive, known, now);
    if (missing.length === 0) continue;
    const told = missing.slice(0, 3).map(({ from, to }) => `${formatInstant(from)} to ${formatInstant(to)}`);
    judge.fail(
      `I3: ${known.stream} lacks ${told.join(', ')} of ${formatInstant(wanted.from)} to ${formatInstant(wanted.to)}`,
    );
  }
  if (archive.streams.length !== 2) judge.fail(`I3: ${archive.streams.length} streams are known of 2`);

  const rows = truth.deliveries(now).filter(({ at }) => logs.some((r) => r.from <= at && at < r.to));
  const asked = (wanted: number) =>
    simulator
      .requests()
      .filter(({ operation, status }) => operation === 'getOrganizationWebhooksLogs' && status === wanted)
      .reduce((sum, { count }) => sum + count, 0);
  const pages = asked(200);
  const settling = instantOfMilliseconds(plan.settle.logs) + 2 * OVERLAP;
  const overlap = Math.ceil(densest(rows, settling) / plan.perPage) + 1;
  const pagesLeast = Math.ceil(rows.length / plan.perPage);
  const takes = (fence.takes.get('webhook_logs live') ?? 0) + (fence.takes.get('webhook_logs backfill') ?? 0);
  const pagesMost = pagesLeast + takes * (PAGES_IN_FLIGHT + overlap) + asked(400) * (1 + overlap) + struck;
  if (pages > pagesMost) judge.fail(`I3: ${pages} pages were read where ${pagesMost} are the most`);
  return { pages, pagesLeast, pagesMost, rowsFinal: rows.length };
}

/** What is wanted, has settled and is still to be had, and is not final: nothing, but for what is left alone for a day because answers failed. */
function missingOf(plan: ModelPlan, archive: ArchiveSnapshot, known: StoredStream, now: Instant) {
  const { stream, wantedFrom, learned } = known;
  const isLog = stream === 'webhook_logs';
  const width = isLog ? 1 : instantOfSeconds(Math.max(plan.intervalSeconds, learned.finestInterval ?? 0));
  const settle = instantOfMilliseconds(isLog ? plan.settle.logs : plan.settle.codes) + SLACK;
  const kept = Math.min(instantOfMilliseconds(plan.reallyKept), learned.lookback ?? Number.POSITIVE_INFINITY);
  const from = Math.max(wantedFrom, now - kept + EDGE_MARGIN + SLACK);
  const isSpoiled = (plan.faults?.rules ?? []).length + (plan.faults?.widths ?? []).length > 0;
  const left = isSpoiled ? (learned.skipped ?? []) : [];
  // Idle buckets that are left out at the newest end are asked for on their own once newer ones are final.
  const mayBeIdle = isLog || plan.idleBuckets === 'empty' ? 0 : IDLE_BUCKETS * width + ONE_CYCLE;
  const wanted = shrinkToGrid({ from, to: now - settle - mayBeIdle }, width);
  const missing = subtract(rangesOf(wanted), union(finalOf(archive, stream), left));
  return { wanted, missing };
}

function finalOf({ coverage }: ArchiveSnapshot, stream: StreamName): Ranges {
  return union(...coverage.filter((one) => one.stream === stream).map(({ final }) => final));
}

/** The most rows in any stretch of that length. */
function densest(rows: readonly StoredLine[], length: number): number {
  let first = 0;
  let most = 0;
  for (const [index, { at }] of rows.entries()) {
    while ((rows[first]?.at ?? at) < at - length) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
