import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MICROSECONDS_PER_MILLISECOND } from '../../src/instant.ts';
import type { BenchServer } from '../reports/bench-server.ts';
import { copyOut } from './baselines/copy-out.ts';
import type { Baseline, IngestOptions } from './ingest-options.ts';
import { type Figure, measure, WAYS } from './measure.ts';
import { measureArchive, servedTime } from './measure-archive.ts';
import { runBaseline } from './measured/run-baseline.ts';
import type { DashboardPlan } from './pages/dashboard-plan.ts';
import { type PageServer, startPageServer } from './pages/page-server.ts';

/** Measures the program, and beside it in the same run what it is compared with. */
export async function measureAll(
  server: BenchServer,
  options: IngestOptions,
  plan: DashboardPlan,
): Promise<readonly Figure[]> {
  const pages = await startPageServer(plan);
  const folder = await mkdtemp(join(tmpdir(), 'historian-rows-'));
  const file = join(folder, 'rows');
  try {
    const wanted = (name: Baseline) => !options.skip.includes(name);
    const figures = await measureArchive(server, options, plan, pages, async (url) => {
      if (wanted('copy')) await copyOut(url, 'select * from meraki_store.webhook_deliveries', file);
    });
    const name = await server.create();
    try {
      const url = server.urlOf(name);
      const obvious = (script: string, rows: number) => async () =>
        await runBaseline(script, [url, pages.baseUrl, ...millisecondsOf(plan), String(rows)]);
      if (wanted('least')) {
        figures.push(await measure(WAYS.least, url, pages, obvious('least.ts', plan.rows)));
      }
      if (wanted('copy')) figures.push(await copyTwice(url, pages, file, plan.rows));
      if (wanted('drizzle')) {
        const work = obvious('drizzle-inserts.ts', options.drizzleRows);
        figures.push(await measure(WAYS.drizzle, url, pages, work));
      }
      if (wanted('insert')) {
        const work = obvious('single-inserts.ts', options.insertRows);
        figures.push(await measure(WAYS.insert, url, pages, work));
      }
    } finally {
      await server.drop(name);
    }
    return figures;
  } finally {
    await rm(folder, { recursive: true });
    await pages.close();
  }
}

/** The better of two, since it is the limit that everything else is compared with. */
async function copyTwice(url: string, pages: PageServer, file: string, rows: number): Promise<Figure> {
  const once = () =>
    measure(WAYS.copy, url, pages, () => runBaseline('copy-rows.ts', [url, file, String(rows)]));
  const first = await once();
  const second = await once();
  return first.seconds < second.seconds ? first : second;
}

function millisecondsOf(plan: DashboardPlan): string[] {
  const { from, to } = servedTime(plan);
  return [from, to].map((instant) => String(instant / MICROSECONDS_PER_MILLISECOND));
}
