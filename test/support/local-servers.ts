import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { openEmbeddedPostgres } from '../../src/db/embedded/embedded-postgres.ts';
import type { PostgresServer, RedisServer } from './global-setup.ts';
import { testLog } from './test-log.ts';

const START_ATTEMPTS = 5;

/** Starts the embedded Postgres in a temporary directory. */
export async function startEmbeddedPostgres(): Promise<PostgresServer> {
  const directory = await temporaryDirectory('historian-test-postgres-');
  const watchdog = startWatchdog(directory);
  const open = () =>
    openEmbeddedPostgres({
      dataDir: join(directory, 'data'),
      stateDir: join(directory, 'state'),
      cacheDir: join(directory, 'binaries'),
      role: 'owner',
      log: testLog,
    });
  try {
    const unprepared = await open();
    await configureForTests(unprepared.connectionString).finally(() => unprepared.close());
    const postgres = await open();
    const pgpass = await readFile(postgres.readerPasswordFile, 'utf8');
    return {
      adminUrl: postgres.connectionString,
      readerPassword: pgpass.trim().split(':').at(-1) ?? null,
      stop: async (kept) => {
        await postgres.close();
        if (kept.length === 0) await rm(directory, { recursive: true, force: true });
        else process.stderr.write(`The stopped Postgres that has them is kept in ${directory}.\n`);
        watchdog.release();
      },
    };
  } catch (error) {
    watchdog.end();
    throw error;
  }
}

/** What is lost with the machine needs no durability; connections are those of several test files at once. */
const SETTINGS_FOR_TESTS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Plans of small tables would depend on whether it has come by.
  autovacuum: 'off',
  max_connections: '200',
  checkpoint_timeout: '30min',
  max_wal_size: '4GB',
} as const;

/** Takes effect with the next start. */
async function configureForTests(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const [setting, value] of Object.entries(SETTINGS_FOR_TESTS)) {
      await client.query(`alter system set ${setting} = '${value}'`);
    }
  } finally {
    await client.end();
  }
}

/** Starts the redis-server on PATH in a temporary directory; `undefined` when there is none. */
export async function startLocalRedis(): Promise<RedisServer | undefined> {
  const directory = await temporaryDirectory('historian-test-redis-');
  const watchdog = startWatchdog(directory);
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    // As the first of two programs on a port it would only complain and end; hence the attempts.
    const child = spawn(
      'redis-server',
      `--port ${port} --bind 127.0.0.1 --dir ${directory} --pidfile ${join(directory, 'redis.pid')} --databases 256 --appendonly no`
        .split(' ')
        .concat('--save', ''),
      { stdio: 'ignore', detached: true },
    );
    const ended = once(child, 'exit').catch(() => undefined);
    const isThere = await new Promise<boolean>((resolve) => {
      child.once('spawn', () => resolve(true));
      child.once('error', () => resolve(false));
    });
    if (!isThere) break;
    watchdog.watch(child.pid);
    const url = `redis://127.0.0.1:${port}`;
    if (await Promise.race([answersPing(url), ended.then(() => false)])) {
      return {
        url,
        stop: async () => {
          child.kill('SIGTERM');
          const killing = setTimeout(() => child.kill('SIGKILL'), 5_000);
          await ended;
          clearTimeout(killing);
          await rm(directory, { recursive: true, force: true });
          watchdog.release();
        },
      };
    }
    child.kill('SIGKILL');
    await ended;
  }
  watchdog.end();
  return undefined;
}

async function answersPing(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: null });
  redis.on('error', () => undefined);
  try {
    for (let waited = 0; waited < 5_000; waited += 50) {
      const answer = await redis
        .connect()
        .then(() => redis.ping())
        .catch(() => undefined);
      if (answer === 'PONG') return true;
      await delay(50);
    }
    return false;
  } finally {
    redis.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

/** Open to everybody, since Postgres does not run as root. */
async function temporaryDirectory(prefix: string): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  await chmod(directory, 0o755);
  return directory;
}

interface Watchdog {
  /** A process to be ended with this one. */
  watch(pid: number | undefined): void;
  /** Has it clean up now. */
  end(): void;
  /** Everything is stopped; it can go. */
  release(): void;
}

/** Starts what stops the servers below `directory` and removes it, should this process be killed. */
function startWatchdog(directory: string): Watchdog {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.mjs'), directory], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    watch: (pid) => child.stdin.write(`${pid}\n`),
    end: () => child.stdin.end(),
    release: () => child.stdin.end('release\n'),
  };
}
