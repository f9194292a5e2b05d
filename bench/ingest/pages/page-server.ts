import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type DashboardFigures, FIGURES_PATH } from './dashboard.ts';
import type { DashboardPlan } from './dashboard-plan.ts';

/** The process that serves the pages. */
export interface PageServer {
  /** As the program takes it in MERAKI_BASE_URL. */
  readonly baseUrl: string;
  figures(): Promise<DashboardFigures>;
  close(): Promise<void>;
}

/** Resolves once all pages are made and can be had. */
export async function startPageServer(plan: DashboardPlan): Promise<PageServer> {
  const runner = join(import.meta.dirname, '..', 'run-part.mjs');
  const child = spawn(process.execPath, [runner, 'pages/serve.ts', JSON.stringify(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const port = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([line]) => Number(line)),
    ended.then(() => undefined),
  ]);
  if (port === undefined) throw new Error('the page server ended before it served anything');
  const origin = `http://127.0.0.1:${port}`;
  return {
    baseUrl: `${origin}/api/v1`,
    async figures() {
      const answer = await fetch(`${origin}${FIGURES_PATH}`);
      return (await answer.json()) as DashboardFigures;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
