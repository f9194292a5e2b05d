/*
 * The figures of all runs, once everybody is done. `rows_new` of deliveries and `rows_quarantined` add up to what is
 * stored, exactly: nothing else writes rows in a model, and nothing deletes any. Counts are written anew when they
 * change, so that of those there are as many new ones as are stored, or more. A page takes a request, and the source was
 * asked for all of them but such as were given up on their way; what it was asked besides is of runs that were killed or
 * ended with an error.
 */
import type pg from 'pg';
import type { RequestCount, Simulator } from '../../../src/simulator/simulator.ts';
import type { StreamName } from '../../../src/stream-key.ts';
import type { RunFiguresModel } from './run-figures.ts';
import { OPERATIONS } from './served-model.ts';

interface RunRow {
  readonly run_id: string;
  readonly stream: StreamName;
  readonly pages: number;
  readonly requests: number;
  readonly rows_new: number;
  readonly rows_quarantined: number;
}

interface Stored {
  readonly rows: number;
  readonly quarantined: number;
}

/** @returns what is wrong */
export async function judgeRuns(
  observer: pg.Pool,
  simulator: Simulator,
  organizationId: string,
  figures: RunFiguresModel,
): Promise<readonly string[]> {
  const found = await observer.query<RunRow>(
    `select run_id, stream, pages::integer as pages, requests::integer as requests, rows_new::integer as rows_new,
       rows_quarantined::integer as rows_quarantined
     from meraki_ingest.sync_runs where organization_id = $1`,
    [organizationId],
  );
  const streams = await Promise.all(
    (['webhook_logs', 'api_responses'] as const).map(async (stream) => {
      const rows = found.rows.filter((row) => row.stream === stream);
      const stored = await storedOf(observer, organizationId, stream);
      return judgeSums(stream, rows, stored, simulator.requests(), figures);
    }),
  );
  return [...judgeEach(found.rows, figures), ...streams.flat()];
}

/** Each run by itself; one of which nothing is stored has to have committed nothing. */
function judgeEach(rows: readonly RunRow[], figures: RunFiguresModel): readonly string[] {
  const stored = new Map(rows.map((row) => [row.run_id, row]));
  const strangers = rows.filter(({ run_id }) => !figures.runs.has(run_id));
  const wrong = [...figures.runs].flatMap(([runId, { committed, inDoubt }]) => {
    const { pages = 0, rows_new: rowsNew = 0, requests = 0 } = stored.get(runId) ?? {};
    const more = inDoubt ?? { pages: 0, rowsNew: 0 };
    const isKnown = pages === committed.pages && rowsNew === committed.rowsNew;
    const isMore = pages === committed.pages + more.pages && rowsNew === committed.rowsNew + more.rowsNew;
    const told: string[] = [];
    if (!isKnown && !isMore) {
      told.push(
        `runs: ${runId} has ${pages} pages and ${rowsNew} new rows, and committed ${committed.pages} and ${committed.rowsNew}`,
      );
    }
    if (requests < pages) told.push(`runs: ${runId} has ${pages} pages of ${requests} requests`);
    return told;
  });
  return [...strangers.map(({ run_id }) => `runs: ${run_id} was never begun`), ...wrong];
}

function judgeSums(
  stream: StreamName,
  rows: readonly RunRow[],
  stored: Stored,
  all: readonly RequestCount[],
  figures: RunFiguresModel,
): readonly string[] {
  const sum = (of: 'pages' | 'requests' | 'rows_new' | 'rows_quarantined') =>
    rows.reduce((total, row) => total + row[of], 0);
  const count = (counts: readonly RequestCount[]) => counts.reduce((total, one) => total + one.count, 0);
  const asked = all.filter(({ operation }) => operation === OPERATIONS[stream]);
  const requests = count(asked);
  const answers = count(asked.filter(({ status }) => status === 200));
  const runs = [...figures.runs.values()].filter((run) => run.stream === stream);
  const unwritten = runs.filter(({ endedWell }) => !endedWell).reduce((total, run) => total + run.asked, 0);
  const givenUp = runs.reduce((total, run) => total + run.givenUp, 0);
  const [pages, noted, rowsNew, quarantined] = [
    sum('pages'),
    sum('requests'),
    sum('rows_new'),
    sum('rows_quarantined'),
  ];
  const isExact = stream === 'webhook_logs';
  const wrong: string[] = [];
  if (pages > answers) wrong.push(`${pages} pages, and ${answers} answers were given`);
  if (noted > requests + givenUp + figures.astray) {
    wrong.push(`${noted} requests, and ${requests} were answered and ${givenUp} given up`);
  }
  if (noted + unwritten < requests)
    wrong.push(`${noted} requests of ${requests}, and ${unwritten} may be missing`);
  if (isExact ? rowsNew !== stored.rows : rowsNew < stored.rows)
    wrong.push(`${rowsNew} new rows, and ${stored.rows} are stored`);
  if (quarantined !== stored.quarantined)
    wrong.push(`${quarantined} rows in quarantine, and ${stored.quarantined} are there`);
  return wrong.map((text) => `runs: ${stream}: the figures say ${text}`);
}

async function storedOf(observer: pg.Pool, organizationId: string, stream: StreamName): Promise<Stored> {
  const table = stream === 'webhook_logs' ? 'webhook_deliveries' : 'api_response_counts';
  const found = await observer.query<Stored>(
    `select (select count(*)::integer from meraki_store.${table} where organization_id = $1) as rows,
       (select coalesce(sum(coalesce(copies, 1)), 0)::integer from meraki_ingest.quarantine
        where organization_id = $1 and stream = $2) as quarantined`,
    [organizationId, stream],
  );
  return found.rows[0] ?? { rows: 0, quarantined: 0 };
}
