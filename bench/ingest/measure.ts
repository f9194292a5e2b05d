import type { Timed } from './baselines/timed.ts';
import type { PageServer } from './pages/page-server.ts';
import { checkpoint } from './store/checkpoint.ts';
import { loadBetween, readServerLoad } from './store/server-load.ts';

/** The ways of storing rows that are measured. */
export const WAYS = {
  sync: 'sync',
  reread: 'sync, all of it again',
  least: 'the least',
  copy: 'plain COPY',
  drizzle: "drizzle's builder",
  insert: 'single inserts',
} as const;

/** What one way of storing rows took. Figures that were not measured are `null`. */
export interface Figure {
  readonly name: string;
  readonly rows: number;
  readonly seconds: number;
  /** Of the process that fetches and writes. */
  readonly clientCpuMicroseconds: number;
  readonly peakBytes: number | null;
  readonly serverCpuMicroseconds: number | null;
  readonly walBytes: number;
  readonly pagesCpuMicroseconds: number;
  /** Rows that the page server sent, with those that were asked for twice. */
  readonly rowsServed: number;
  readonly requests: number;
}

/** Runs one way of storing rows, between two looks at what else it moves. */
export async function measure(
  name: string,
  url: string,
  pages: PageServer,
  work: () => Promise<Timed & { readonly peakBytes?: number }>,
): Promise<Figure> {
  await checkpoint(url);
  const pagesBefore = await pages.figures();
  const before = await readServerLoad(url);
  const { rows, seconds, cpuMicroseconds, peakBytes } = await work();
  const server = loadBetween(before, await readServerLoad(url));
  const pagesAfter = await pages.figures();
  return {
    name,
    rows,
    seconds,
    clientCpuMicroseconds: cpuMicroseconds,
    peakBytes: peakBytes ?? null,
    serverCpuMicroseconds: server.cpuMicroseconds,
    walBytes: server.walBytes,
    pagesCpuMicroseconds: pagesAfter.cpuMicroseconds - pagesBefore.cpuMicroseconds,
    rowsServed: pagesAfter.rows - pagesBefore.rows,
    requests: pagesAfter.requests - pagesBefore.requests,
  };
}
