import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { PARTITIONED_TABLES } from '../../src/db/partition-settings.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { parseInstant } from '../../src/instant.ts';
import { migrateUpTo } from '../support/migrate-up-to.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const NEW = {
  from: parseInstant('2026-11-05T00:00:00Z') ?? 0,
  to: parseInstant('2026-11-06T00:00:00Z') ?? 0,
};

async function archiveWithOldPartitions() {
  const owned = await createTestDatabase({ migrated: false });
  await migrateUpTo(owned.database, '0013');
  for (const table of PARTITIONED_TABLES) {
    await owned.database.pool.query(
      `create table meraki_store.${table}_2026_10 partition of meraki_store.${table}
       for values from ('2026-10-01Z') to ('2026-11-01Z')`,
    );
  }
  return owned;
}

test('partitions of before an upgrade get the settings that new ones are made with', async () => {
  const { database } = await archiveWithOldPartitions();
  await migrate(database);
  for (const table of PARTITIONED_TABLES) await new Partitions(database).ensure(table, NEW);
  const found = await database.pool.query<{ parent: string; settings: string; partitions: string[] }>(`
    select p.relname as parent, array_to_string(array(select unnest(c.reloptions) order by 1), ', ') as settings,
      array_agg(c.relname::text order by c.relname) as partitions
    from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
    where p.relkind = 'p' group by 1, 2 order by 1`);
  expect(found.rows.map(({ parent, partitions }) => [parent, partitions])).toEqual(
    [...PARTITIONED_TABLES].sort().map((table) => [table, [`${table}_2026_10`, `${table}_2026_11`]]),
  );
  for (const { settings } of found.rows)
    expect(settings).toContain('autovacuum_vacuum_insert_scale_factor=0.05');
});

test('the upgrade waits for no reader and no writer of facts', async () => {
  const { database, url } = await archiveWithOldPartitions();
  const writer = await database.pool.connect();
  const other = openDatabase(url, testLog, 1);
  try {
    await writer.query(`
      begin;
      insert into meraki_store.api_response_counts values ('1', 'all', 120, '2026-10-01Z', 200, 1, 0, now());
      select count(*) from meraki_store.webhook_deliveries`);
    await other.pool.query("set lock_timeout = '5s'");
    expect(await migrate(other)).toContain('0017_storage_settings.sql');
  } finally {
    await writer.query('rollback');
    writer.release();
    await other.close();
  }
});
