/*
 * Untried where it was written, for want of a Docker engine: only typechecked. Containers of a run that was
 * killed are removed by testcontainers itself.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresServer, RedisServer } from './global-setup.ts';

const PATIENCE_MILLISECONDS = 3_000;

let engine: Promise<boolean> | undefined;

/** Whether a Docker engine answers within three seconds. Asked once. */
export function isContainerEngineThere(): Promise<boolean> {
  engine ??= askEngine();
  return engine;
}

async function askEngine(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  const answer = getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
  return Promise.race([answer, delay(PATIENCE_MILLISECONDS, false, { ref: false })]);
}

/** The image can be chosen with TEST_POSTGRES_IMAGE. */
export async function startPostgresContainer(): Promise<PostgresServer> {
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  const readerPassword = randomBytes(16).toString('hex');
  const container = await new PostgreSqlContainer(process.env['TEST_POSTGRES_IMAGE'] ?? 'postgres:18-alpine')
    .withCommand([
      'postgres',
      '-c',
      'fsync=off',
      '-c',
      'synchronous_commit=off',
      '-c',
      'full_page_writes=off',
      '-c',
      'autovacuum=off',
      '-c',
      'max_connections=200',
    ])
    .withCopyContentToContainer([
      {
        content: `create role meraki_reader login password '${readerPassword}';`,
        target: '/docker-entrypoint-initdb.d/reader.sql',
      },
    ])
    .start();
  return {
    adminUrl: container.getConnectionUri(),
    readerPassword,
    stop: async (kept) => {
      if (kept.length > 0) {
        process.stderr.write(
          'The container goes, and the databases kept in it with it. Set TEST_DATABASE_URL to keep them.\n',
        );
      }
      await container.stop();
    },
  };
}

/** The image can be chosen with TEST_REDIS_IMAGE. */
export async function startRedisContainer(): Promise<RedisServer> {
  const { RedisContainer } = await import('@testcontainers/redis');
  const container = await new RedisContainer(process.env['TEST_REDIS_IMAGE'] ?? 'redis:8-alpine').start();
  return {
    url: container.getConnectionUrl(),
    stop: async () => {
      await container.stop();
    },
  };
}
