import pg from 'pg';
import { openDatabase } from '../../src/db/database.ts';
import { packOldestMonth } from '../../src/db/pack-months.ts';
import { type Instant, instantOfSeconds } from '../../src/instant.ts';
import { createLog } from '../../src/log.ts';
import type { ArchiveOptions } from '../reports/archive/archive-options.ts';
import { fillArchive } from '../reports/fill-archive.ts';
import { rollUpArchive } from '../reports/roll-up-archive.ts';
import { vacuumArchive } from '../reports/vacuum-archive.ts';
import { layRows, walPosition } from './lay-rows.ts';
import { type MeasuredTable, measureShapes, measureSizes } from './measure-sizes.ts';
import { type Prediction, predict } from './predict.ts';
import { TABLE_LAYOUTS } from './table-layouts.ts';

const LONG_ENOUGH = instantOfSeconds(200 * 86_400);

export interface StoreTable extends MeasuredTable {
  readonly prediction: Prediction | undefined;
}

/** All that was found out about one archive. */
export interface StoreResults {
  readonly deliveries: number;
  readonly counts: number;
  readonly days: number;
  readonly tables: readonly StoreTable[];
  /** Bytes of a row's index in months that are still written to, by table. */
  readonly openIndexes: ReadonlyMap<string, number>;
  /** WAL bytes: of the facts by table, of their first vacuum, of all rollups. */
  readonly wal: {
    readonly facts: ReadonlyMap<string, number>;
    readonly vacuum: number;
    readonly rollups: number;
  };
}

/** Fills an archive in a migrated, empty database, and measures it. */
export async function measureStore(
  databaseUrl: string,
  options: Partial<ArchiveOptions>,
  tell: (line: string) => void,
): Promise<StoreResults> {
  const filled = await fillArchive(databaseUrl, options);
  const { archive, customers, deliveries, counts } = filled;
  tell(`${deliveries} deliveries and ${counts} counts filled in, ${filled.seconds.all.toFixed(0)} s`);
  const facts = await layRows(databaseUrl);
  tell('written again in the order of the program');
  const openIndexes = new Map(
    (await measureSizes(databaseUrl)).map(({ name, rows, indexBytes }) => [name, indexBytes / rows]),
  );
  await packAll(databaseUrl, archive.now);
  tell('months packed');
  const vacuum = await walOf(databaseUrl, () => vacuumArchive(databaseUrl));
  const rollups = await walOf(databaseUrl, () => rollUpArchive(databaseUrl, archive, customers));
  await vacuumArchive(databaseUrl);
  tell('rolled up');
  const shapes = await measureShapes(databaseUrl, Object.keys(TABLE_LAYOUTS));
  const tables = (await measureSizes(databaseUrl)).map((table) => ({
    ...table,
    prediction: predict(table, shapes),
  }));
  return { deliveries, counts, days: archive.days, tables, openIndexes, wal: { facts, vacuum, rollups } };
}

/** As if all that was filled in no longer changed: a worker packs a month a day, once it is 120 days old. */
async function packAll(databaseUrl: string, now: Instant): Promise<void> {
  const database = openDatabase(databaseUrl, createLog({ level: 'silent', format: 'json', secrets: [] }), 2);
  try {
    const later = now + LONG_ENOUGH;
    while ((await packOldestMonth(database, later)) !== undefined);
  } finally {
    await database.close();
  }
}

async function walOf(databaseUrl: string, work: () => Promise<unknown>): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const before = await walPosition(client);
    await work();
    return (await walPosition(client)) - before;
  } finally {
    await client.end();
  }
}
