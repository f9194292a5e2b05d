/*
 * Starts or finds one Postgres and one Redis for the whole run. Each is looked for on its own:
 *
 * 1. TEST_DATABASE_URL, TEST_REDIS_URL: a server that runs already. Only databases of this run's own names are
 *    made and dropped there; of Redis, only databases that are empty are used.
 * 2. A container, where a Docker engine answers.
 * 3. The embedded Postgres that comes with this program, and the redis-server found on PATH.
 *
 * Without any Redis the suites that need one are skipped aloud; where CI=true that fails the run.
 */
import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { isContainerEngineThere, startPostgresContainer, startRedisContainer } from './container-servers.ts';
import { startEmbeddedPostgres, startLocalRedis } from './local-servers.ts';
import { dropRunDatabases } from './run-databases.ts';

/** A Postgres that tests may make databases on. */
export interface PostgresServer {
  /** With the right to make databases and roles. */
  readonly adminUrl: string;
  /** Password of the role meraki_reader; `null` where it has none that is known here. */
  readonly readerPassword: string | null;
  /** @param kept names of the databases that stay for a person to look at, if that can be. */
  stop(kept: readonly string[]): Promise<void>;
}

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly runId: string;
    readonly postgresAdminUrl: string;
    readonly postgresReaderPassword: string | null;
    readonly redisUrl: string | null;
  }
}

const NO_REDIS = 'no Redis: set TEST_REDIS_URL, start a Docker engine, or put redis-server on PATH.';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const runId = randomBytes(4).toString('hex');
  const redis = await findRedis();
  if (redis === undefined) {
    if (process.env['CI'] === 'true') throw new Error(NO_REDIS);
    process.stderr.write(`\n${NO_REDIS} The suites that need it are skipped.\n\n`);
  }
  let postgres: PostgresServer;
  try {
    postgres = await findPostgres();
  } catch (error) {
    await redis?.stop();
    throw error;
  }
  project.provide('runId', runId);
  project.provide('postgresAdminUrl', postgres.adminUrl);
  project.provide('postgresReaderPassword', postgres.readerPassword);
  project.provide('redisUrl', redis?.url ?? null);

  return async () => {
    let kept: readonly string[] = [];
    try {
      kept = await dropRunDatabases(postgres.adminUrl, runId);
    } finally {
      await Promise.all([postgres.stop(kept), redis?.stop()]);
    }
  };
}

async function findPostgres(): Promise<PostgresServer> {
  const adminUrl = process.env['TEST_DATABASE_URL'];
  if (adminUrl) return { adminUrl, readerPassword: null, stop: async () => undefined };
  return (await isContainerEngineThere()) ? startPostgresContainer() : startEmbeddedPostgres();
}

async function findRedis(): Promise<RedisServer | undefined> {
  const url = process.env['TEST_REDIS_URL'];
  if (url) return { url, stop: async () => undefined };
  return (await isContainerEngineThere()) ? startRedisContainer() : startLocalRedis();
}
