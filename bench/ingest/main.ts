import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBenchServer } from '../reports/bench-server.ts';
import { describeMachine } from '../reports/results/machine.ts';
import { type IngestOptions, ingestOptions, USAGE } from './ingest-options.ts';
import type { Figure } from './measure.ts';
import { measureAll } from './measure-all.ts';
import { measureMemory } from './measure-memory.ts';
import { type DashboardPlan, settledMidnight } from './pages/dashboard-plan.ts';
import { type Floor, floorsOf, memoryFloors } from './results/floors.ts';
import { figureRows, floorRows, markdownTable, plainTable } from './results/ingest-table.ts';

const FOLDER = join(import.meta.dirname, '..', 'results');

/** @returns 0 when every floor was kept, 1 when one was missed */
export async function main(given: readonly string[]): Promise<number> {
  const options = ingestOptions(given);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const server = await openBenchServer(process.env['BENCH_DATABASE_URL'] || undefined);
  try {
    const plan = planOf(options);
    const machine = await describeMachine(server.urlOf('postgres'));
    const { figures, floors } = await measureWanted(server, options, plan);
    await save(machine, plan, figures, floors);
    return floors.every(({ kept }) => kept) ? 0 : 1;
  } finally {
    await server.close();
  }
}

function planOf({ rows, organizations, days }: IngestOptions): DashboardPlan {
  return { rows, organizations, days, until: settledMidnight(Date.now()) };
}

async function measureWanted(
  server: Awaited<ReturnType<typeof openBenchServer>>,
  options: IngestOptions,
  plan: DashboardPlan,
): Promise<{ readonly figures: readonly Figure[]; readonly floors: readonly Floor[] }> {
  if (options.memory === undefined) {
    const figures = await measureAll(server, options, plan);
    return { figures, floors: floorsOf(figures) };
  }
  const figures = await measureMemory(server, options, plan, options.memory);
  const [small, large] = figures;
  return { figures, floors: memoryFloors(small, large) };
}

async function save(
  machine: string,
  plan: DashboardPlan,
  figures: readonly Figure[],
  floors: readonly Floor[],
): Promise<void> {
  const contents = `${plan.rows.toLocaleString('en')} deliveries of ${plan.organizations} organizations in ${plan.days} days.`;
  console.log(`${machine}\n${contents}\n`);
  console.log(`${plainTable(figureRows(figures))}\n\n${plainTable(floorRows(floors))}`);
  await mkdir(FOLDER, { recursive: true });
  const parts = [
    `# ${new Date().toISOString().slice(0, 10)}`,
    machine,
    contents,
    markdownTable(figureRows(figures)),
    markdownTable(floorRows(floors)),
  ];
  await writeFile(join(FOLDER, 'ingest.md'), `${parts.join('\n\n')}\n`);
  const json = { machine, plan, figures, floors };
  await writeFile(join(FOLDER, 'ingest.json'), `${JSON.stringify(json, undefined, 2)}\n`);
  console.log(`\nwritten to ${FOLDER}`);
}
