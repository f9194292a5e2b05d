/*
 * A Postgres of the driver's own, with everything that keeps data safe left on, to be killed. The archive's
 * owner is no superuser: a full server still has a place for the driver, and none for the workers.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Account, accountForRoot, isRoot } from '../../../src/db/embedded/process.ts';
import { freePort } from './free-port.ts';
import { clusterIn, makeCluster } from './postgres-cluster.ts';
import { postgresPrograms } from './postgres-programs.ts';
import { descendantsOf, killTree, signal } from './process-tree.ts';
import type { Watchdog } from './watchdog.ts';

/** Recovery after a crash is waited for. */
const START_MS = 60_000;
const DATABASE = 'archive';

export interface PostgresPasswords {
  readonly superuser: string;
  readonly owner: string;
}

export class PostgresServer {
  readonly #programs: string;
  readonly #account: Account | undefined;
  readonly #port: number;
  readonly #directory: string;
  readonly #passwords: PostgresPasswords;
  readonly #watchdog: Watchdog;
  #server: ChildProcess | undefined;
  #isReady = false;

  private constructor(
    programs: string,
    account: Account | undefined,
    directory: string,
    port: number,
    passwords: PostgresPasswords,
    watchdog: Watchdog,
  ) {
    this.#programs = programs;
    this.#directory = directory;
    this.#port = port;
    this.#passwords = passwords;
    this.#watchdog = watchdog;
    this.#account = account;
  }

  /** Makes a cluster below `directory`, starts it, and makes the archive's empty database. */
  static async create(
    directory: string,
    passwords: PostgresPasswords,
    watchdog: Watchdog,
  ): Promise<PostgresServer> {
    const account = isRoot() ? accountForRoot() : undefined;
    const programs = await postgresPrograms(account);
    const server = new PostgresServer(programs, account, directory, await freePort(), passwords, watchdog);
    await makeCluster({ programs, account, directory, port: server.#port, password: passwords.superuser });
    await server.start();
    await server.#makeDatabase();
    return server;
  }

  /** Whether it may be killed: not while it is being started, for then two would start it again. */
  get isUp(): boolean {
    return this.#isReady;
  }

  /** What the archive's owner connects with. */
  get url(): string {
    return `postgres://historian:${this.#passwords.owner}@127.0.0.1:${this.#port}/${DATABASE}`;
  }

  /** What a superuser connects with. */
  get adminUrl(): string {
    return `postgres://postgres:${this.#passwords.superuser}@127.0.0.1:${this.#port}/${DATABASE}`;
  }

  get logFile(): string {
    return join(this.#directory, 'postgres.log');
  }

  async start(): Promise<void> {
    const log = await open(this.logFile, 'a');
    const server = spawn(join(this.#programs, 'postgres'), ['-D', clusterIn(this.#directory)], {
      cwd: this.#directory,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
      ...this.#identity(),
    });
    this.#server = server;
    server.once('exit', () => {
      if (this.#server === server) this.#server = undefined;
    });
    // Listened for at once: the event may come while the file is closed. It rejects on `error`.
    await Promise.all([once(server, 'spawn'), log.close()]);
    this.#watchdog.watch(server);
    for (let waited = 0; waited < START_MS; waited += 100) {
      if (this.#server === server && (await this.#answers())) {
        this.#isReady = true;
        return;
      }
      if (this.#server !== server) {
        // The orphans of the killed one still hold its shared memory for a moment.
        await delay(250);
        return await this.start();
      }
      await delay(100);
    }
    throw new Error(`Postgres did not start; see ${this.logFile}`);
  }

  /** A crash: SIGKILL to the postmaster and all its children at once. */
  async kill(): Promise<void> {
    await this.#end((pid) => killTree(pid));
  }

  /** Immediate shutdown: backends drop everything, and the next start has to recover. */
  async stopImmediately(): Promise<void> {
    await this.#end((pid) => signal(pid, 'SIGQUIT'));
  }

  async stop(): Promise<void> {
    await this.#end((pid) => signal(pid, 'SIGINT'));
  }

  /** SIGKILL to one process that serves a client; Postgres then restarts all of them by itself. */
  async killOneChild(pick: (pids: readonly number[]) => number): Promise<void> {
    const pid = this.#server?.pid;
    const children = pid === undefined ? [] : await descendantsOf(pid);
    if (children.length > 0) signal(pick(children), 'SIGKILL');
  }

  async #end(how: (pid: number) => unknown): Promise<void> {
    const server = this.#server;
    this.#isReady = false;
    if (server?.pid === undefined) return;
    const ended = once(server, 'exit');
    await how(server.pid);
    await ended;
  }

  #identity() {
    return this.#account === undefined ? {} : { uid: this.#account.uid, gid: this.#account.gid };
  }

  async #makeDatabase(): Promise<void> {
    const client = new pg.Client({ connectionString: this.adminUrl.replace(/\w+$/, 'postgres') });
    await client.connect();
    await client.query('create role historian login createrole');
    // As a SCRAM verifier it would be no secret; as text, an error would put it into the server's log.
    await client.query(`alter role historian password '${this.#passwords.owner}'`);
    await client.query(`create database ${DATABASE} owner historian`);
    await client.end();
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.adminUrl.replace(/\w+$/, 'postgres') });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
