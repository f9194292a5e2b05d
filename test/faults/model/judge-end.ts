/*
 * What has to hold once all faults have ended and a healthy worker had its way: nothing that can be had is
 * missing, nothing is in quarantine that did not come broken, and no page was asked much oftener than it had to be.
 */
import { formatInstant, instantOfMilliseconds, instantOfSeconds } from '../../../src/instant.ts';
import { type Ranges, subtract, union } from '../../../src/ranges.ts';
import { EDGE_MARGIN } from '../../../src/sync/plan.ts';
import type { ArchiveSnapshot } from './archive-snapshot.ts';
import type { Judge } from './judge.ts';
import type { Surroundings } from './model-process.ts';
import type { StoredLine, TruthModel } from './truth-model.ts';
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

export function judgeEnd(
  { plan, simulator }: Surroundings,
  time: WorldTime,
  truth: TruthModel,
  judge: Judge,
  archive: ArchiveSnapshot,
  figures: {
    readonly jobs: number;
    readonly crashes: number;
    readonly drops: number;
    readonly jumps: number;
  },
): EndFigures {
  const now = instantOfMilliseconds(time.now());
  const oldest = now - instantOfMilliseconds(plan.reallyKept) + EDGE_MARGIN;
  const logs = union(...archive.coverage.filter((c) => c.stream === 'webhook_logs').map((c) => c.final));
  const codes = union(...archive.coverage.filter((c) => c.stream === 'api_responses').map((c) => c.final));
  void oldest;
  complete('webhook_logs', logs, now - instantOfMilliseconds(plan.settle.logs) - SLACK, judge);
  const widest = instantOfSeconds(21_600);
  complete('api_responses', codes, now - instantOfMilliseconds(plan.settle.codes) - widest, judge);

  const rows = truth.deliveries(now).filter(({ at }) => logs.some((r) => r.from <= at && at < r.to));
  const pages = simulator
    .requests()
    .filter(({ operation, status }) => operation === 'getOrganizationWebhooksLogs' && status === 200)
    .reduce((sum, { count }) => sum + count, 0);
  const settling = instantOfMilliseconds(plan.settle.logs) + 2 * OVERLAP;
  const overlap = Math.ceil(densest(rows, settling) / plan.perPage) + 1;
  const pagesLeast = Math.ceil(rows.length / plan.perPage);
  const interruptions = figures.jobs + figures.crashes + figures.drops + figures.jumps;
  const pagesMost = pagesLeast + interruptions * (1 + overlap) + 40;
  if (pages > pagesMost) judge.fail(`I3: ${pages} pages were read where ${pagesMost} are the most`);
  return { pages, pagesLeast, pagesMost, rowsFinal: rows.length };
}

/** Since live and backfill are complete, final time has no hole that is still in reach. */
function complete(stream: string, final: Ranges, until: number, judge: Judge): void {
  const last = final.at(-1);
  if (last === undefined || last.to < until) {
    judge.fail(
      `I3: ${stream} is final until ${last === undefined ? 'never' : formatInstant(last.to)} only, and ${formatInstant(until)} is long past`,
    );
  }
  void subtract;
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
