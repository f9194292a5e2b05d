import pg from 'pg';

/** What the names of all databases of one run begin with. */
export function databasePrefix(runId: string): string {
  return `historian_test_${runId}_`;
}

/** Runs `work` on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    // A login that fails for want of a password leaves the connection open, and the server waits for it a minute.
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The same server, another database. */
export function onDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/**
 * Drops the databases of a run, but for those a failed test left with a comment.
 *
 * @returns the names of those
 */
export async function dropRunDatabases(adminUrl: string, runId: string): Promise<readonly string[]> {
  return withClient(adminUrl, async (client) => {
    const found = await client.query<{ name: string; kept: boolean }>(
      `select datname as name, shobj_description(oid, 'pg_database') is not null as kept
       from pg_database where starts_with(datname, $1)`,
      [databasePrefix(runId)],
    );
    for (const { name, kept } of found.rows) {
      if (!kept) await client.query(`drop database if exists ${name} with (force)`);
    }
    return found.rows.filter(({ kept }) => kept).map(({ name }) => name);
  });
}
