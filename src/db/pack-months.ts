/*
 * Rows come in by time and the primary key leads with the organization, so new entries go to the middle of the index, one
 * place for each organization. Postgres splits pages there in halves, and the half left behind is never filled: the
 * index is twice as large as it has to be. Once a month no longer changes, its index is built anew, without room.
 */
import type pg from 'pg';
import { type Instant, instantOfSeconds } from '../instant.ts';
import { type Database, translated } from './database.ts';
import { storedMonths } from './stored-months.ts';

const FACTS = ['webhook_deliveries', 'api_response_counts'] as const;
/** Meraki keeps nothing longer, so neither lane writes to what is older. */
const UNCHANGED_AFTER = instantOfSeconds(120 * 86_400);
/** Comment of an index that was built anew; it is how that is known. */
const PACKED = 'Packed.';

/** Any number that nothing else locks. */
const LOCK = 7_240_114;

/**
 * Builds the index of one month of facts anew that has not changed for 120 days and is not packed yet: the oldest of
 * deliveries, then of counts. Readers and writers go on meanwhile. What a process that ended left of an attempt is cleared away first.
 *
 * Postgres goes on with what a process that was killed had it do, and an index at work looks like one that was left. So
 * the lock is the session's: it ends when Postgres is done, not when the process is.
 *
 * @param signal ends the wait at once: before the old index is given up, Postgres waits for all who began to read before
 * @returns the name of the partition, `undefined` when none is left, or another process is at it
 * @throws the signal's reason when it is aborted
 */
export async function packOldestMonth(
  database: Database,
  now: Instant,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const months: string[] = [];
  for (const table of FACTS) {
    const old = (await storedMonths(database, table))
      .filter(({ kind, to }) => kind === 'partition' && to <= now - UNCHANGED_AFTER)
      .sort((a, b) => a.from - b.from);
    months.push(...old.map(({ name }) => name));
  }
  if (months.length === 0) return undefined;
  const client = await translated(database.pool.connect());
  // Cuts the connection, and with it what waits for an answer on it.
  const abort = (): void => client.release(true);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  let broken = false;
  try {
    signal?.throwIfAborted();
    return await translated(packFirst(client, months));
  } catch (error) {
    signal?.throwIfAborted();
    broken = true;
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    if (signal?.aborted !== true) await giveBack(client, broken);
  }
}

/** A connection that broke has lost its lock, and goes. */
async function giveBack(client: pg.PoolClient, broken: boolean): Promise<void> {
  if (!broken) await client.query('select pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
  client.release(broken);
}

async function packFirst(client: pg.PoolClient, months: readonly string[]): Promise<string | undefined> {
  const lock = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [LOCK]);
  if (lock.rows[0]?.taken !== true) return undefined;
  for (const name of months) if (await pack(client, name)) return name;
  return undefined;
}

/** @returns whether it had to be done */
async function pack(client: pg.PoolClient, partition: string): Promise<boolean> {
  const found = await client.query<{ name: string; packed: boolean; valid: boolean }>(
    `select format('%I.%I', n.nspname, c.relname) as name, i.indisvalid as valid,
       coalesce(obj_description(c.oid, 'pg_class') = $1, false) as packed
     from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
     where i.indrelid = $2::regclass and (i.indisprimary or not i.indisvalid)`,
    [PACKED, `meraki_store.${partition}`],
  );
  const index = found.rows.find(({ valid }) => valid);
  if (index === undefined || index.packed) return false;
  for (const { name, valid } of found.rows) {
    if (!valid) await client.query(`drop index concurrently if exists ${name}`);
  }
  await client.query(`alter index ${index.name} set (fillfactor = 100)`);
  await client.query(`reindex index concurrently ${index.name}`);
  await client.query(`comment on index ${index.name} is '${PACKED}'`);
  return true;
}
