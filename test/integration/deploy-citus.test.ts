import { readFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { parseInstant } from '../../src/instant.ts';
import { readPlacements } from '../deploy/citus-placement.ts';
import { CITUS_STAND_INS } from '../deploy/extension-stand-ins.ts';
import { withClient } from '../support/run-databases.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const NOVEMBER = {
  from: parseInstant('2026-11-05T00:00:00Z') ?? 0,
  to: parseInstant('2026-11-06T00:00:00Z') ?? 0,
};

let owned: TestDatabase;

beforeEach(async () => {
  owned = await createTestDatabase();
});

async function run(): Promise<void> {
  const statements = await readFile('deploy/citus.sql', 'utf8');
  await withClient(owned.url, (client) => client.query(statements));
}

test('every table of the schema is named once: distributed, reference or local', async () => {
  const found = await owned.database.pool.query<{ name: string }>(`
    select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('meraki_store', 'meraki_ingest') and c.relkind in ('r', 'p') and not c.relispartition`);
  const named = (await readPlacements()).map(([table]) => table);
  expect([...named].sort()).toEqual(found.rows.map(({ name }) => name).sort());
});

test('the file runs, and does what the list says; keys of distributed tables hold the organization', async () => {
  await new Partitions(owned.database).ensure('webhook_deliveries', NOVEMBER);
  await owned.database.pool.query(CITUS_STAND_INS);
  await run();
  const placed = await owned.database.pool.query<{ name: string; placement: string }>(
    'select name, placement from public.placed',
  );
  const expected = (await readPlacements()).filter(([, placement]) => placement !== 'local');
  expect(placed.rows.map(({ name, placement }) => [name, placement]).sort()).toEqual(
    expected.map(([table, placement]) => [table, placement]).sort(),
  );
});

test('without Citus the file changes nothing', async () => {
  await expect(run()).rejects.toMatchObject({ code: '42883' });
});
