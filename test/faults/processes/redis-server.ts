import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import type { Watchdog } from './watchdog.ts';

const START_MS = 20_000;

/** A Redis of the driver's own, which writes an append-only file, to be killed and wiped. */
export class RedisServer {
  readonly #directory: string;
  readonly #port: number;
  readonly #password: string;
  readonly #watchdog: Watchdog;
  #server: ChildProcess | undefined;
  #isReady = false;

  private constructor(directory: string, port: number, password: string, watchdog: Watchdog) {
    this.#directory = directory;
    this.#port = port;
    this.#password = password;
    this.#watchdog = watchdog;
  }

  static async create(directory: string, password: string, watchdog: Watchdog): Promise<RedisServer> {
    await mkdir(directory);
    const server = new RedisServer(directory, await freePort(), password, watchdog);
    await server.start();
    return server;
  }

  /** Whether it may be killed: not while it is being started, for then two would start it again. */
  get isUp(): boolean {
    return this.#isReady;
  }

  get url(): string {
    return `redis://:${this.#password}@127.0.0.1:${this.#port}`;
  }

  get logFile(): string {
    return join(this.#directory, 'redis.log');
  }

  async start(): Promise<void> {
    const log = await open(this.logFile, 'a');
    const options = { port: this.#port, bind: '127.0.0.1', appendonly: 'yes', requirepass: this.#password };
    const server = spawn(
      'redis-server',
      Object.entries({ ...options, dir: this.#directory }).flatMap(([name, value]) => [
        `--${name}`,
        String(value),
      ]),
      { stdio: ['ignore', log.fd, log.fd], detached: true },
    );
    this.#server = server;
    server.once('exit', () => {
      if (this.#server === server) this.#server = undefined;
    });
    // Listened for at once: the event may come while the file is closed. It rejects on `error`.
    await Promise.all([once(server, 'spawn'), log.close()]);
    this.#watchdog.watch(server);
    for (let waited = 0; waited < START_MS; waited += 50) {
      if (await this.ask((redis) => redis.ping()).then(Boolean, () => false)) {
        this.#isReady = true;
        return;
      }
      await delay(50);
    }
    throw new Error(`Redis did not start; see ${this.logFile}`);
  }

  async kill(): Promise<void> {
    const server = this.#server;
    this.#isReady = false;
    if (server === undefined) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }

  /** Removes everything it would remember at the next start. */
  async forget(): Promise<void> {
    await rm(join(this.#directory, 'appendonlydir'), { recursive: true, force: true });
    await rm(join(this.#directory, 'dump.rdb'), { force: true });
  }

  async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.url, {
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    redis.on('error', () => undefined);
    try {
      await redis.connect();
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }
}
