/*
 * Rows come in by time and the primary key leads with the organization, so new entries go to the middle of the index, one
 * place for each organization. Postgres splits pages there in halves, and the half left behind is never filled: the
 * index is twice as large as it has to be. Once a month no longer changes, its index is built anew, without room.
 */
import { sql } from 'drizzle-orm';
import { type Instant, instantOfSeconds } from '../instant.ts';
import { type Database, translated } from './database.ts';
import { storedMonths } from './stored-months.ts';

const FACTS = ['webhook_deliveries', 'api_response_counts'] as const;
/** Meraki keeps nothing longer, so neither lane writes to what is older. */
const UNCHANGED_AFTER = instantOfSeconds(120 * 86_400);
/** Comment of an index that was built anew; it is how that is known. */
const PACKED = 'Packed.';

/**
 * Builds the index of the oldest month of facts anew that has not changed for 120 days and is not packed yet. Readers and
 * writers go on meanwhile. What a process that ended left of an attempt is cleared away first.
 *
 * @returns the name of the partition, `undefined` when none is left
 */
export async function packOldestMonth(database: Database, now: Instant): Promise<string | undefined> {
  for (const table of FACTS) {
    const months = (await storedMonths(database, table))
      .filter(({ kind, to }) => kind === 'partition' && to <= now - UNCHANGED_AFTER)
      .sort((a, b) => a.from - b.from);
    for (const { name } of months) if (await pack(database, name)) return name;
  }
  return undefined;
}

/** @returns whether it had to be done */
async function pack(database: Database, partition: string): Promise<boolean> {
  const found = await translated(
    database.query.execute<{ name: string; packed: boolean; valid: boolean }>(sql`
      select format('%I.%I', n.nspname, c.relname) as name, i.indisvalid as valid,
        coalesce(obj_description(c.oid, 'pg_class') = ${PACKED}, false) as packed
      from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where i.indrelid = ${`meraki_store.${partition}`}::regclass and (i.indisprimary or not i.indisvalid)`),
  );
  const index = found.rows.find(({ valid }) => valid);
  if (index === undefined || index.packed) return false;
  const run = (statement: string) => translated(database.query.execute(sql.raw(statement)));
  for (const { name, valid } of found.rows) if (!valid) await run(`drop index if exists ${name}`);
  await run(`alter index ${index.name} set (fillfactor = 100)`);
  await run(`reindex index concurrently ${index.name}`);
  await run(`comment on index ${index.name} is '${PACKED}'`);
  return true;
}
