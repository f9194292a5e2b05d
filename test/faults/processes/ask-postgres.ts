import pg from 'pg';

const PATIENCE_MS = 60_000;

/** Runs `question` on a connection of its own; fails rather than waits when the server is gone. */
export async function askPostgres<T>(
  url: string,
  question: (client: pg.Client) => Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: patienceMs,
    options: '-c timezone=UTC',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await question(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
