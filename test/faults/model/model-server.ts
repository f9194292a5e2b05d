import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../processes/postgres-server.ts';
import { startWatchdog } from '../processes/watchdog.ts';
import { createModelDatabase, type ModelDatabase } from './model-database.ts';

/** A Postgres of its own for plans of the model. */
export interface ModelServer {
  /** Makes a database for plans that are run one after the other. */
  createDatabase(): Promise<ModelDatabase>;
  stop(): Promise<void>;
}

export async function startModelServer(): Promise<ModelServer> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'historian-model-')));
  // Postgres does not run as root, and has to get in.
  await chmod(directory, 0o755);
  const watchdog = startWatchdog();
  const password = () => randomBytes(12).toString('hex');
  const passwords = { superuser: password(), owner: password() };
  const postgres = await PostgresServer.create(join(directory, 'postgres'), passwords, watchdog);
  return {
    createDatabase: () => createModelDatabase(postgres.adminUrl),
    async stop() {
      await postgres.stop();
      watchdog.release();
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
