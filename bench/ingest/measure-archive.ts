import { instantOfSeconds } from '../../src/instant.ts';
import type { Range } from '../../src/ranges.ts';
import type { BenchServer } from '../reports/bench-server.ts';
import type { IngestOptions } from './ingest-options.ts';
import { type Figure, measure, WAYS } from './measure.ts';
import { runSync } from './measured/run-sync.ts';
import { type DashboardPlan, planOrganizations } from './pages/dashboard-plan.ts';
import type { PageServer } from './pages/page-server.ts';
import { profileSync } from './profile/profile-sync.ts';
import { forgetCoverage } from './store/forget-coverage.ts';
import { verifyArchive } from './store/verify-archive.ts';

/** The time in which there are deliveries. */
export function servedTime({ until, days }: DashboardPlan): Range {
  return { from: until - instantOfSeconds(days * 86_400), to: until };
}

/**
 * Has the program fill an archive from nothing and, unless that is skipped, read it again.
 *
 * @param onFilled gets the archive's URL before it is dropped
 */
export async function measureArchive(
  server: BenchServer,
  options: IngestOptions,
  plan: DashboardPlan,
  pages: PageServer,
  onFilled: (url: string) => Promise<void> = async () => undefined,
): Promise<Figure[]> {
  const expected = planOrganizations(plan).map(({ customer, rows }) => ({ id: customer.id, rows }));
  const within = servedTime(plan);
  const name = await server.create();
  const url = server.urlOf(name);
  const run = async (called: string) => {
    const sync = (nodeOptions: readonly string[]) => runSync(url, pages.baseUrl, nodeOptions);
    if (!options.profile) return await sync([]);
    const profiled = await profileSync(url, plan.rows, sync);
    console.log(`\n${called}\n\n${profiled.text}\n`);
    return profiled.run;
  };
  const synced = async (called: string) => {
    const figure = await measure(called, url, pages, async () => ({
      rows: plan.rows,
      ...(await run(called)),
    }));
    await verifyArchive(url, expected, within);
    return figure;
  };
  try {
    const figures = [await synced(WAYS.sync)];
    if (!options.skip.includes('reread')) {
      await forgetCoverage(url, within);
      figures.push(await synced(WAYS.reread));
    }
    await onFilled(url);
    return figures;
  } finally {
    if (options.keep) console.log(`kept: ${name}`);
    else await server.drop(name);
  }
}
