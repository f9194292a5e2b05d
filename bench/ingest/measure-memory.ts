import type { BenchServer } from '../reports/bench-server.ts';
import type { IngestOptions } from './ingest-options.ts';
import type { Figure } from './measure.ts';
import { measureArchive } from './measure-archive.ts';
import type { DashboardPlan } from './pages/dashboard-plan.ts';
import { startPageServer } from './pages/page-server.ts';

/** Fills two archives of different sizes, one after the other. */
export async function measureMemory(
  server: BenchServer,
  options: IngestOptions,
  plan: DashboardPlan,
  [small, large]: readonly [number, number],
): Promise<readonly [Figure, Figure]> {
  const filled = async (rows: number): Promise<Figure> => {
    const sized = { ...plan, rows };
    const pages = await startPageServer(sized);
    try {
      const [figure] = await measureArchive(server, { ...options, skip: ['reread'] }, sized, pages);
      if (figure === undefined) throw new Error('nothing was measured');
      return figure;
    } finally {
      await pages.close();
    }
  };
  return [await filled(small), await filled(large)];
}
