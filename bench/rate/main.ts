import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownTable, plainTable } from '../ingest/results/ingest-table.ts';
import { openBenchRedis } from '../own-redis.ts';
import { openBenchServer } from '../reports/bench-server.ts';
import { describeMachine } from '../reports/results/machine.ts';
import { measureRate } from './measure-rate.ts';
import { rateOptions, USAGE } from './rate-options.ts';
import { isKept, type Measured, rateRows } from './rate-table.ts';

const FOLDER = join(import.meta.dirname, '..', 'results');
const FLOORS = 'Floors: at least 95 % of the budget used, fewer than 0.5 % of the answers a 429.';

/** @returns 0 when every floor was kept, 1 when one was missed */
export async function main(given: readonly string[]): Promise<number> {
  const options = rateOptions(given);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const server = await openBenchServer(process.env['BENCH_DATABASE_URL'] || undefined);
  const needsRedis = options.cases.some(({ store }) => store === 'redis');
  const redis = needsRedis ? await openBenchRedis(process.env['BENCH_REDIS_URL'] || undefined) : undefined;
  try {
    const machine = await describeMachine(server.urlOf('postgres'));
    console.log(machine);
    const measured: Measured[] = [];
    for (const wanted of options.cases) {
      const one = { wanted, figures: await measureRate({ server, redis }, wanted) };
      measured.push(one);
      console.log(`\n${plainTable(rateRows([one]))}`);
    }
    await save(machine, measured);
    return measured.every(isKept) ? 0 : 1;
  } finally {
    await redis?.close();
    await server.close();
  }
}

async function save(machine: string, measured: readonly Measured[]): Promise<void> {
  const rows = rateRows(measured);
  console.log(`\n${plainTable(rows)}\n\n${FLOORS}`);
  await mkdir(FOLDER, { recursive: true });
  const parts = [`# ${new Date().toISOString().slice(0, 10)}`, machine, markdownTable(rows), FLOORS];
  await writeFile(join(FOLDER, 'rate.md'), `${parts.join('\n\n')}\n`);
  await writeFile(join(FOLDER, 'rate.json'), `${JSON.stringify({ machine, measured }, undefined, 2)}\n`);
  console.log(`\nwritten to ${FOLDER}`);
}
