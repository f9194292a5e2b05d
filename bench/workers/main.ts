import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DashboardPlan, planOrganizations, settledMidnight } from '../ingest/pages/dashboard-plan.ts';
import { startPageServer } from '../ingest/pages/page-server.ts';
import { markdownTable, plainTable } from '../ingest/results/ingest-table.ts';
import { type BenchRedis, openBenchRedis } from '../own-redis.ts';
import { type BenchServer, openBenchServer } from '../reports/bench-server.ts';
import { describeMachine } from '../reports/results/machine.ts';
import { measureWorkers, type WorkersRun } from './measure-workers.ts';
import { USAGE, type WorkersOptions, workersOptions } from './workers-options.ts';

/** `BENCH_RESULTS`: where tests have them written. */
const FOLDER = process.env['BENCH_RESULTS'] ?? join(import.meta.dirname, '..', 'results');
const DAYS = 80;
/** The 99 may take so many times what they take alone. */
const MOST_DELAY = 1.3;

interface Servers {
  readonly server: BenchServer;
  readonly redis: BenchRedis;
}

interface Fairness {
  readonly alone: WorkersRun;
  readonly beside: WorkersRun;
  readonly ratio: number;
}

/** @returns 0 when every floor was kept, 1 when one was missed */
export async function main(given: readonly string[]): Promise<number> {
  const options = workersOptions(given);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const server = await openBenchServer(process.env['BENCH_DATABASE_URL'] || undefined);
  const redis = await openBenchRedis(process.env['BENCH_REDIS_URL'] || undefined);
  try {
    const machine = await describeMachine(server.urlOf('postgres'));
    const fairness =
      options.only === 'scaling' ? undefined : await measureFairness({ server, redis }, options);
    const runs = options.only === 'fairness' ? [] : await measureScaling({ server, redis }, options);
    await save(machine, runs, fairness);
    return fairness === undefined || fairness.ratio <= MOST_DELAY ? 0 : 1;
  } finally {
    await redis.close();
    await server.close();
  }
}

function planOf(rows: number, organizations: number, largest?: number): DashboardPlan {
  return {
    rows,
    organizations,
    days: DAYS,
    until: settledMidnight(Date.now()),
    ...(largest !== undefined && { largest }),
  };
}

async function measureScaling(servers: Servers, options: WorkersOptions): Promise<readonly WorkersRun[]> {
  const runs: WorkersRun[] = [];
  for (const organizations of options.organizations) {
    const plan = planOf(options.rows, organizations);
    const ids = planOrganizations(plan).map(({ customer }) => customer.id);
    const pages = await startPageServer(plan);
    try {
      for (const workers of options.workers) {
        const run = await measureWorkers({ ...servers, pages, plan, workers, archived: ids, timed: ids });
        console.log(plainTable(scalingRows([run])));
        runs.push(run);
      }
    } finally {
      await pages.close();
    }
  }
  return runs;
}

async function measureFairness(servers: Servers, { fairness }: WorkersOptions): Promise<Fairness> {
  const { large, small, smalls } = fairness;
  const plan = planOf(small * smalls, smalls + 1, large);
  const ids = planOrganizations(plan).map(({ customer }) => customer.id);
  const timed = ids.slice(1);
  const pages = await startPageServer(plan);
  try {
    const subject = { ...servers, pages, plan, workers: 1, timed };
    const alone = await measureWorkers({ ...subject, archived: timed });
    const beside = await measureWorkers({ ...subject, archived: ids });
    const found = { alone, beside, ratio: beside.seconds / alone.seconds };
    console.log(plainTable(fairnessRows(found)));
    return found;
  } finally {
    await pages.close();
  }
}

function scalingRows(runs: readonly WorkersRun[]): readonly (readonly string[])[] {
  return [
    ['organizations', 'workers', 'rows', 'seconds', 'rows a second', 'of one worker', 'worker CPU s'],
    ...runs.map((run) => {
      const one = runs.find(
        ({ organizations, workers }) => organizations === run.organizations && workers === 1,
      );
      return [
        String(run.organizations),
        String(run.workers),
        run.rows.toLocaleString('en'),
        run.seconds.toFixed(1),
        Math.round(run.rows / run.seconds).toLocaleString('en'),
        one === undefined ? '' : (one.seconds / run.seconds).toFixed(2),
        run.workerCpuSeconds.toFixed(1),
      ];
    }),
  ];
}

function fairnessRows({ alone, beside, ratio }: Fairness): readonly (readonly string[])[] {
  return [
    ['the small organizations', 'seconds', 'times'],
    [`${alone.organizations} alone`, alone.seconds.toFixed(1), '1'],
    ['the same beside the large one', beside.seconds.toFixed(1), ratio.toFixed(2)],
    [`floor: at most ${MOST_DELAY} times`, '', ratio <= MOST_DELAY ? 'ok' : 'MISSED'],
  ];
}

async function save(
  machine: string,
  runs: readonly WorkersRun[],
  fairness: Fairness | undefined,
): Promise<void> {
  const tables = [
    ...(runs.length > 0 ? [scalingRows(runs)] : []),
    ...(fairness === undefined ? [] : [fairnessRows(fairness)]),
  ];
  console.log(`\n${machine}\n\n${tables.map(plainTable).join('\n\n')}`);
  await mkdir(FOLDER, { recursive: true });
  const parts = [`# ${new Date().toISOString().slice(0, 10)}`, machine, ...tables.map(markdownTable)];
  await writeFile(join(FOLDER, 'workers.md'), `${parts.join('\n\n')}\n`);
  await writeFile(
    join(FOLDER, 'workers.json'),
    `${JSON.stringify({ machine, runs, fairness }, undefined, 2)}\n`,
  );
  console.log(`\nwritten to ${FOLDER}`);
}
