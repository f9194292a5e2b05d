import { Client, DatabaseError } from 'pg';
import { systemClock } from '../../clock.ts';
import { EmbeddedPostgresError } from '../../errors.ts';
import { isAlive } from './pidfile.ts';
import { DATABASE, ownerUri, READER_ROLE, type Settings } from './settings.ts';

export type Role = 'owner' | 'guest';

// The first number sets these locks apart from anybody else's in the same database ("hist").
const LOCK_SPACE = 0x68697374;
const OWNERSHIP = `${LOCK_SPACE}, 1`;
const CARETAKING = `${LOCK_SPACE}, 2`;
const PREPARATION = `${LOCK_SPACE}, 3`;

const POLL_MILLISECONDS = 50;
const PATIENCE_MILLISECONDS = 10_000;

/**
 * Connects to the maintenance database. The connection carries the advisory locks, and its name the pid of
 * this process, for whoever is refused because of them.
 */
export async function connectSession(settings: Settings, role: Role): Promise<Client> {
  const client = new Client({
    connectionString: ownerUri(settings, 'postgres'),
    application_name: `meraki-historian ${role} ${process.pid}`,
    connectionTimeoutMillis: 30_000,
    keepAlive: true,
  });
  // Losing the connection is told by `end`; without a listener here it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Whether the server is about to be gone, so that looking again may find it stopped or started anew. */
export function isServerLeaving(error: unknown): boolean {
  if (error instanceof DatabaseError) return ['57P01', '57P02', '57P03'].includes(error.code ?? '');
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code) || /terminated|not queryable/.test(String(error))
  );
}

/**
 * Takes the exclusive ownership of the data directory for as long as the session lives. A holder that was
 * just killed, or a guest about to stop the server, is waited for.
 *
 * @throws EmbeddedPostgresError when another historian holds it.
 */
export async function takeOwnership(session: Client, dataDir: string): Promise<void> {
  let holder = '';
  for (let waited = 0; waited < PATIENCE_MILLISECONDS; waited += POLL_MILLISECONDS) {
    if (await tryLock(session, OWNERSHIP)) return;
    holder = await holderOf(session);
    const pid = pidIn(holder);
    if (holder.includes(' owner ') && pid !== undefined && isAlive(pid)) break;
    await systemClock.sleep(POLL_MILLISECONDS);
  }
  const pid = pidIn(holder);
  throw new EmbeddedPostgresError(
    `Another historian is already running on the data directory ${dataDir}${pid === undefined ? '' : ` (process ${pid})`}. Stop it first, or give this one a DATA_DIR of its own; to run several workers on one archive, set DATABASE_URL.`,
    { dataDir, pid },
  );
}

function pidIn(applicationName: string): number | undefined {
  const digits = /^meraki-historian \w+ (\d+)$/.exec(applicationName)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

async function holderOf(session: Client): Promise<string> {
  const answer = await session.query<{ application_name: string }>(
    `select application_name from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and (classid, objid) = (${OWNERSHIP}) and granted`,
  );
  return answer.rows[0]?.application_name ?? '';
}

/**
 * Guests that keep a server alive which one of them started: the last to leave stops it.
 * A guest joins when it started the server or finds another that did.
 */
export async function joinCaretakers(session: Client, startedHere: boolean): Promise<boolean> {
  await session.query(`select pg_advisory_lock(${PREPARATION})`);
  const alone = !startedHere && (await tryLock(session, CARETAKING));
  await session.query(
    alone ? `select pg_advisory_unlock(${CARETAKING})` : `select pg_advisory_lock_shared(${CARETAKING})`,
  );
  await session.query(`select pg_advisory_unlock(${PREPARATION})`);
  return !alone;
}

/**
 * Whether a caretaker that leaves must stop the server. Keeps owners and guests waiting until the session ends,
 * if so; they find the server stopped then, and start it again.
 */
export async function isLastCaretaker(session: Client): Promise<boolean> {
  await session.query(`select pg_advisory_lock(${PREPARATION})`);
  if (!(await tryLock(session, OWNERSHIP))) return false;
  await session.query(`select pg_advisory_unlock_shared(${CARETAKING})`);
  if (await tryLock(session, CARETAKING)) return true;
  await session.query(`select pg_advisory_unlock(${OWNERSHIP})`);
  return false;
}

async function tryLock(session: Client, lock: string): Promise<boolean> {
  const answer = await session.query<{ taken: boolean }>(`select pg_try_advisory_lock(${lock}) as taken`);
  return answer.rows[0]?.taken === true;
}

/** Makes the database and the reader's login, and gives the reader the password of the settings. No grants. */
export async function prepareDatabase(session: Client, settings: Settings): Promise<void> {
  await session.query(`select pg_advisory_lock(${PREPARATION})`);
  try {
    const found = await session.query<{ database: boolean; reader: boolean }>(
      `select exists (select from pg_database where datname = $1) as database,
              exists (select from pg_roles where rolname = $2) as reader`,
      [DATABASE, READER_ROLE],
    );
    if (found.rows[0]?.database !== true) await session.query(`create database ${DATABASE}`);
    const verb = found.rows[0]?.reader === true ? 'alter' : 'create';
    await session.query(`${verb} role ${READER_ROLE} login password '${settings.readerPassword}'`);
  } finally {
    await session.query(`select pg_advisory_unlock(${PREPARATION})`);
  }
}
