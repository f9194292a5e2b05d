import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Share } from './top-functions.ts';

const EVERY_MS = 20;
const LONGEST_NAME = 100;

/**
 * Looks many times a second at what the connections of a database are at, until `done` settles.
 *
 * @returns statements by the time that was spent in them, added up over all connections, with what they waited for
 */
export async function sampleStatements(url: string, done: Promise<unknown>): Promise<readonly Share[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const sums = new Map<string, number>();
  let isDone = false;
  const stop = () => {
    isDone = true;
  };
  done.then(stop, stop);
  try {
    let before = performance.now();
    while (!isDone) {
      const { rows } = await client.query<{ name: string }>(ACTIVE);
      const now = performance.now();
      for (const { name } of rows) {
        const short = name.replace(/\s+/g, ' ').trim().slice(0, LONGEST_NAME);
        sums.set(short, (sums.get(short) ?? 0) + (now - before) / 1_000);
      }
      before = now;
      await delay(EVERY_MS);
    }
  } finally {
    await client.end();
  }
  return [...sums].map(([name, seconds]) => ({ name, seconds })).sort((a, b) => b.seconds - a.seconds);
}

const ACTIVE = `
  select case when wait_event is null then '' else '[' || wait_event || '] ' end || query as name
  from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
    and state = 'active' and wait_event is distinct from 'ClientRead'`;
