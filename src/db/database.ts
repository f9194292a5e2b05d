import { DrizzleQueryError } from 'drizzle-orm';
import { drizzle, type NodePgDatabase, type NodePgTransaction } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import {
  DatabaseBusyError,
  DatabaseError,
  DatabaseUnreachableError,
  type Facts,
  HistorianError,
} from '../errors.ts';
import type { Log } from '../log.ts';

type Schema = Record<string, never>;
export type Transaction = NodePgTransaction<Schema, Record<string, never>>;
/** What a query can run on: the pool, or the transaction it has to be part of. */
export type Queryable = NodePgDatabase<Schema> | Transaction;

export interface Database {
  /** Ordinary queries, each on any connection of the pool. */
  readonly query: NodePgDatabase<Schema>;
  readonly pool: pg.Pool;
  /**
   * Runs `work` in one transaction; commits when it resolves.
   *
   * @throws {DatabaseUnreachableError | DatabaseBusyError | DatabaseError} in place of the driver's errors, whose
   * texts hold the statement's parameters and so the rows.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const ignoreError = (): void => undefined;

/**
 * A connection that has a listener for its errors, whoever takes listeners off. One that breaks between two
 * statements of a transaction, or while it is given up, has no statement to report to, and without a listener Node
 * ends the process.
 */
export class GuardedClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', ignoreError);
  }

  override removeAllListeners(event?: string | symbol): this {
    super.removeAllListeners(event);
    return this.on('error', ignoreError);
  }
}

/**
 * Whatever role, database and server have set: how values are read and written, and that what a transaction locks it
 * sees as it is by then. For how long a statement may take, theirs holds.
 */
export const SESSION = [
  'timezone=UTC',
  'datestyle=ISO',
  'intervalstyle=postgres',
  'extra_float_digits=1',
  'standard_conforming_strings=on',
  'default_transaction_isolation=read\\ committed',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** Opens a pool; the first query connects. Sessions run in UTC and name themselves in `pg_stat_activity`. */
export function openDatabase(connectionString: string, log: Log, maxConnections = 10): Database {
  const pool = new pg.Pool({
    connectionString,
    Client: GuardedClient,
    max: maxConnections,
    application_name: 'meraki-historian',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    options: SESSION,
  });
  pool.on('error', (error) => log.warn({ error: error.message }, 'lost an idle database connection'));
  const query = drizzle({ client: pool }) as unknown as NodePgDatabase<Schema>;
  return {
    query,
    pool,
    transaction: (work) => translated(inTransaction(pool, work)),
    close: () => pool.end(),
  };
}

/**
 * Takes the connection itself: drizzle would never give back one that breaks at `begin`, and after as many of those
 * as the pool is large, nothing gets a connection any more. The pool throws away what is broken.
 */
async function inTransaction<T>(pool: pg.Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await drizzle({ client }).transaction((tx) => {
      connections.set(tx, client);
      return work(tx as Transaction);
    });
  } finally {
    client.release();
  }
}

const connections = new WeakMap<object, pg.PoolClient>();

/** The connection that a transaction has to itself, for what drizzle cannot say. */
export function connectionOf(tx: Transaction): pg.PoolClient {
  const client = connections.get(tx);
  if (client === undefined) throw new Error('a transaction that was not begun here has no connection');
  return client;
}

/** Awaits a query and turns the driver's errors into this program's. */
export async function translated<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw databaseError(error);
  }
}

/** There is a digit in each of them; codes of sockets have none, and `EPIPE` is as long. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;
const UNREACHABLE_SQLSTATE = /^(08|57P0|53300|3D000|28)/;
const BUSY_SQLSTATE = /^(40001|40P01|55P03|57014)/;

/**
 * Tells database errors apart by SQLSTATE, or by the socket's error code where Postgres never answered.
 * Errors that are this program's own pass unchanged.
 */
export function databaseError(error: unknown): unknown {
  if (error instanceof HistorianError) return error;
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  if (!(cause instanceof Error)) return error;
  if (cause instanceof HistorianError) return cause;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  const facts: Facts = {
    sqlstate: code,
    constraint: field(cause, 'constraint'),
    table: field(cause, 'table'),
    column: field(cause, 'column'),
  };
  if (code !== undefined && UNREACHABLE_SQLSTATE.test(code)) {
    return new DatabaseUnreachableError(`Postgres refused the connection: ${cause.message}`, facts);
  }
  if (code !== undefined && BUSY_SQLSTATE.test(code)) {
    return new DatabaseBusyError(`Postgres asked to try again: ${cause.message}`, facts);
  }
  if (code !== undefined && SQLSTATE.test(code)) {
    return new DatabaseError(`Postgres refused a statement (${code}): ${cause.message}`, facts);
  }
  if (code !== undefined || /connection|timeout|terminated/i.test(cause.message)) {
    return new DatabaseUnreachableError(`Postgres cannot be reached: ${reason(cause, code)}`, facts);
  }
  return cause;
}

function reason(cause: Error, code: string | undefined): string {
  return cause.message === '' ? (code ?? 'no reason given') : cause.message;
}

function field(error: Error, name: string): string | undefined {
  const value = (error as unknown as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}
