import type pg from 'pg';
import Cursor from 'pg-cursor';
import { type Database, translated } from './database.ts';

/** Values as Postgres writes them: a `Date` would drop microseconds, a number the last digits of a bigint. */
export type TextRow = readonly (string | null)[];

/** The database as it was at one moment. */
export interface Snapshot {
  /**
   * Rows in batches of at most `batchSize`; no more than one batch is on its way. One query after the other: who does
   * not read to the end can read nothing else.
   */
  read(text: string, values: readonly unknown[], batchSize: number): AsyncGenerator<readonly TextRow[]>;
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };
/** Whatever role, database and pooler have set: how values are written, and that slow readers may take their time. */
const SETTINGS = `set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local extra_float_digits = 1;
  set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0`;

/**
 * Runs `work` in one transaction that sees the database as of its beginning and can change nothing.
 *
 * @param signal given: the statement that runs is cancelled, and the signal's reason is thrown
 * @throws {DatabaseUnreachableError | DatabaseBusyError | DatabaseError}
 */
export async function withSnapshot<T>(
  { pool }: Database,
  signal: AbortSignal,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = await translated(pool.connect());
  const cancel = (): void => {
    pool
      .query('select pg_cancel_backend($1)', [(client as unknown as { processID: number }).processID])
      .catch(() => client.end());
  };
  signal.addEventListener('abort', cancel, { once: true });
  const reading = { isOpen: false };
  try {
    await translated(client.query('begin isolation level repeatable read, read only'));
    await translated(client.query(SETTINGS));
    const result = await work({
      read: (text, values, batchSize) => batches(client, reading, text, values, batchSize),
    });
    if (!reading.isOpen) await translated(client.query('rollback'));
    // Closing the connection ends an open cursor, whatever state both are in.
    client.release(reading.isOpen);
    return result;
  } catch (error) {
    client.release(true);
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

async function* batches(
  client: pg.PoolClient,
  reading: { isOpen: boolean },
  text: string,
  values: readonly unknown[],
  batchSize: number,
): AsyncGenerator<readonly TextRow[]> {
  if (reading.isOpen) throw new Error('another query of this snapshot was not read to its end');
  reading.isOpen = true;
  const types = AS_TEXT as unknown as pg.CustomTypesConfig;
  const cursor = client.query(new Cursor<TextRow>(text, [...values], { rowMode: 'array', types }));
  for (;;) {
    const rows = await translated(cursor.read(batchSize));
    reading.isOpen = rows.length === batchSize;
    if (rows.length > 0) yield rows;
    if (!reading.isOpen) return;
  }
}
