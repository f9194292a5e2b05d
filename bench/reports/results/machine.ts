import { cpus, totalmem } from 'node:os';
import pg from 'pg';

const SETTINGS = ['shared_buffers', 'work_mem', 'max_parallel_workers_per_gather', 'jit', 'autovacuum'];

/** What the figures were measured on. */
export async function describeMachine(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const version = await client.query<{ server_version: string }>('show server_version');
    const settings = await client.query<{ text: string }>(
      `select name || ' ' || current_setting(name) as text from pg_settings where name = any($1) order by name`,
      [SETTINGS],
    );
    const [processor] = cpus();
    return (
      `${cpus().length} cores (${processor?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB of memory, ` +
      `Node ${process.versions.node}, Postgres ${version.rows[0]?.server_version} on the same machine ` +
      `(${settings.rows.map(({ text }) => text).join(', ')}).`
    );
  } finally {
    await client.end();
  }
}
