import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBenchServer } from '../reports/bench-server.ts';
import { describeMachine } from '../reports/results/machine.ts';
import { floorsOf } from './floors.ts';
import { measureStore, type StoreResults } from './measure-store.ts';
import { type StoreOptions, storeOptions, USAGE } from './store-options.ts';
import { storeMarkdown } from './store-tables.ts';

const FOLDER = join(import.meta.dirname, '..', 'results');

/** @returns 0 when every floor was kept, 1 when one was missed */
export async function main(given: readonly string[]): Promise<number> {
  const options = storeOptions(given);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const { results, machine } = await measureAll(options, process.env['BENCH_DATABASE_URL'] || undefined);
  const floors = results.flatMap(floorsOf);
  const text = storeMarkdown(machine, results, floors);
  console.log(`\n${text}`);
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, 'store.md'), `# ${new Date().toISOString().slice(0, 10)}\n\n${text}\n`);
  const plain = results.map(({ wal, openIndexes, ...result }) => ({
    ...result,
    openIndexes: Object.fromEntries(openIndexes),
    wal: { ...wal, facts: Object.fromEntries(wal.facts) },
  }));
  await writeFile(
    join(FOLDER, 'store.json'),
    `${JSON.stringify({ machine, results: plain, floors }, undefined, 2)}\n`,
  );
  return floors.every(({ kept }) => kept) ? 0 : 1;
}

/** Measures archives of each size, one after the other. @param url as for `openBenchServer` */
export async function measureAll(
  { sizes, organizations, days, seed }: StoreOptions,
  url: string | undefined,
): Promise<{ readonly results: readonly StoreResults[]; readonly machine: string }> {
  const largest = sizes.at(-1) ?? 1;
  const now = Date.now() * 1_000;
  const server = await openBenchServer(url);
  try {
    const results: StoreResults[] = [];
    let machine = '';
    for (const deliveries of sizes) {
      const name = await server.create();
      try {
        const span = Math.max(1, Math.round((days * deliveries) / largest));
        const archive = { deliveries, organizations, days: span, seed, now, runDays: Math.min(span, 90) };
        results.push(await measureStore(server.urlOf(name), archive, (line) => console.log(line)));
        machine = await describeMachine(server.urlOf(name));
      } finally {
        await server.drop(name);
      }
    }
    return { results, machine };
  } finally {
    await server.close();
  }
}
