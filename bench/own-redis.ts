import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface BenchRedis {
  readonly url: string;
  /** Seconds of CPU time and commands so far. */
  load(): Promise<{ readonly cpuSeconds: number; readonly commands: number }>;
  /** Forgets everything. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const START_MS = 10_000;

/**
 * The Redis of `BENCH_REDIS_URL`, whose database is emptied, or else one of this run's own, for which `redis-server` has
 * to be installed.
 */
export async function openBenchRedis(given: string | undefined): Promise<BenchRedis> {
  const own = given === undefined ? await startRedis() : undefined;
  const url = given ?? own?.url ?? '';
  const redis = new Redis(url);
  redis.on('error', () => undefined);
  await redis.ping();
  return {
    url,
    async load() {
      const cpu = await redis.info('cpu');
      const stats = await redis.info('stats');
      const figure = (text: string, name: string) =>
        Number(new RegExp(`^${name}:(.*)$`, 'm').exec(text)?.[1]);
      return {
        cpuSeconds: figure(cpu, 'used_cpu_user') + figure(cpu, 'used_cpu_sys'),
        commands: figure(stats, 'total_commands_processed'),
      };
    },
    flush: async () => void (await redis.flushdb()),
    async close() {
      redis.disconnect();
      await own?.stop();
    },
  };
}

async function startRedis() {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'historian-bench-redis-'));
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory];
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  await once(server, 'spawn');
  const url = `redis://127.0.0.1:${port}`;
  const probe = new Redis(url, { retryStrategy: () => 50 });
  probe.on('error', () => undefined);
  await Promise.race([probe.ping(), delay(START_MS).then(() => Promise.reject(new Error('no Redis')))]);
  probe.disconnect();
  return {
    url,
    async stop() {
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
