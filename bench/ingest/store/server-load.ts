import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

/** What the whole database server has used so far. */
export interface ServerLoad {
  /** CPU time of all its processes; `null` where they are not on this machine. */
  readonly cpuMicroseconds: number | null;
  readonly walBytes: number;
}

/** Linux counts CPU time in ticks of this many microseconds (USER_HZ is 100 on every platform that Node runs on). */
const TICK = 10_000;
const POSTGRES = /postgres/;

/** Reads it over a connection of its own. */
export async function readServerLoad(url: string): Promise<ServerLoad> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number; wal: string }>(
      `select pg_backend_pid() as pid, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal`,
    );
    return {
      cpuMicroseconds: await cpuOf(rows[0]?.pid ?? 0),
      walBytes: Number(rows[0]?.wal),
    };
  } finally {
    await client.end();
  }
}

/** What was used between two readings. */
export function loadBetween(before: ServerLoad, after: ServerLoad): ServerLoad {
  const known = before.cpuMicroseconds !== null && after.cpuMicroseconds !== null;
  return {
    cpuMicroseconds: known ? Number(after.cpuMicroseconds) - Number(before.cpuMicroseconds) : null,
    walBytes: after.walBytes - before.walBytes,
  };
}

/**
 * The postmaster is the parent of all server processes. It waits for those that end, and their time is counted as that
 * of its dead children from then on, so none is lost.
 */
async function cpuOf(backend: number): Promise<number | null> {
  const postmaster = (await statOf(backend))?.parent;
  const own = postmaster === undefined ? undefined : await statOf(postmaster);
  if (own === undefined || !POSTGRES.test(own.name)) return null;
  let ticks = own.ticks + own.ticksOfDeadChildren;
  for (const name of await readdir('/proc')) {
    const process = /^\d+$/.test(name) ? await statOf(Number(name)) : undefined;
    if (process?.parent === postmaster) ticks += process?.ticks ?? 0;
  }
  return ticks * TICK;
}

interface Stat {
  readonly name: string;
  readonly parent: number;
  readonly ticks: number;
  readonly ticksOfDeadChildren: number;
}

/** `/proc/PID/stat`, whose fields are numbered as in proc(5); the second one may hold spaces. */
async function statOf(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    name: text.slice(text.indexOf('(') + 1, end),
    parent: field(4),
    ticks: field(14) + field(15),
    ticksOfDeadChildren: field(16) + field(17),
  };
}
