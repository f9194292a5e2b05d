/*
 * Every statement and every request of every process stops at a gate before it goes out, and the plan decides which
 * goes on and what becomes of it. A process may stand at several at once: it asks for pages while it commits others.
 * One goes on at a time: the next decision waits until nothing is under way any more, but for statements that wait for
 * a lock, which Postgres itself is asked for. So a seed names one interleaving, however fast the machine is; but where
 * two wait for the same row, Postgres decides who is first.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import type { ModelProcess } from './model-process.ts';

/** Of a process: it ends there, its connections cut. Of a connection: it is cut, and the process lives on. */
export type Fate = 'go' | `${'crash' | 'drop'} ${'before' | 'during' | 'after'}`;

/** What leaves a process, and is answered. */
export interface Operation {
  readonly process: ModelProcess;
  readonly label: string;
  /** The connection of Postgres whose answer is waited for. */
  backend: number | undefined;
}

export interface Stop {
  readonly process: ModelProcess;
  readonly label: string;
  /** A request to the source, or a statement; one in a transaction is told apart from one on its own. */
  readonly kind: 'request' | 'statement' | 'in transaction';
  release(fate: Fate): void;
}

const LOOK_EVERY_MS = 2;
/** Without a change: what a machine with much else to do still gets done in longer is not stuck. */
const STUCK_AFTER_MS = 20_000;
/** What is answered goes on to its next gate within one turn of the event loop, or two where it sleeps. */
const QUIET_TURNS = 3;

export class Gates {
  readonly #observer: pg.Pool;
  readonly #standing = new Set<Stop>();
  readonly #underWay = new Set<Operation>();
  /** Backends of connections that were cut: until they are gone they hold what they had locked. */
  readonly #dying = new Set<number>();
  #changes = 0;
  #wake: () => void = () => undefined;
  /** Whether nobody stops any more. */
  open = false;

  constructor(observer: pg.Pool) {
    this.#observer = observer;
  }

  /** Stands still until it is decided how to go on, and then does the work, which is over when it is answered. */
  async pass<T>(
    process: ModelProcess,
    label: string,
    kind: Stop['kind'],
    work: (fate: Fate, operation: Operation) => Promise<T>,
  ): Promise<T> {
    const operation: Operation = { process, label, backend: undefined };
    const fate = await this.#stop(operation, kind);
    try {
      process.assertAlive();
      return await work(fate, operation);
    } finally {
      this.#end(operation);
    }
  }

  /** Counts what stops at no gate as under way, until the returned function is called. */
  begin(process: ModelProcess, label: string): () => void {
    const operation: Operation = { process, label, backend: undefined };
    this.#underWay.add(operation);
    return () => this.#end(operation);
  }

  /** Does work that stops at gates of its own, in the midst of an operation that waits for it. */
  async within<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
    const isAwaited = this.#underWay.delete(operation);
    this.changed();
    try {
      return await work();
    } finally {
      if (isAwaited) this.#underWay.add(operation);
    }
  }

  /** Those that stand at a gate, by the names of their processes; requests of one process in the order they came. */
  standing(): readonly Stop[] {
    return [...this.#standing].sort(
      (a, b) => compare(a.process.name, b.process.name) || compare(a.kind, b.kind),
    );
  }

  /** A process has ended its job, reached a gate, or has its answer. */
  changed(): void {
    this.#changes += 1;
    this.#wake();
  }

  /** A connection was cut. */
  cut(backend: number | undefined): void {
    if (backend !== undefined) this.#dying.add(backend);
    this.changed();
  }

  /** A process has died: what stands of it comes to nothing. */
  leave(process: ModelProcess): void {
    for (const stop of this.#standing) if (stop.process === process) stop.release('go');
  }

  /** Lets everybody go, from now on. */
  openAll(): void {
    this.open = true;
    for (const stop of this.standing()) stop.release('go');
  }

  /** Resolves when nobody moves any more: each stands, waits for a lock, or has nothing to do. */
  async settle(processes: readonly ModelProcess[]): Promise<void> {
    let changedAt = Date.now();
    for (;;) {
      await this.#quiet();
      const isStill = this.#underWay.size + this.#dying.size === 0;
      if (isStill && this.#lost(processes).length === 0) return;
      if (await this.#waitForChange()) {
        changedAt = Date.now();
        continue;
      }
      if ((await this.#onlyLocksAreWaitedFor()) && this.#lost(processes).length === 0) return;
      if (Date.now() - changedAt > STUCK_AFTER_MS) throw new Error(await this.#report(processes));
    }
  }

  #stop(operation: Operation, kind: Stop['kind']): Promise<Fate> {
    const { process, label } = operation;
    if (this.open) {
      this.#underWay.add(operation);
      return Promise.resolve('go');
    }
    return new Promise((resolve) => {
      const release = (fate: Fate) => {
        this.#standing.delete(stop);
        this.#underWay.add(operation);
        resolve(fate);
      };
      const stop: Stop = { process, label, kind, release };
      this.#standing.add(stop);
      this.changed();
    });
  }

  #end(operation: Operation): void {
    this.#underWay.delete(operation);
    this.changed();
  }

  /** Processes that have work, and of which neither anything stands at a gate nor anything is under way. */
  #lost(processes: readonly ModelProcess[]): readonly ModelProcess[] {
    const seen = new Set([...this.#standing, ...this.#underWay].map(({ process }) => process));
    return processes.filter((process) => process.isBusy && !seen.has(process));
  }

  /** Lets everybody run on to where they wait for something. */
  async #quiet(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      const before = this.#changes;
      await turn();
      quiet = this.#changes === before ? quiet + 1 : 0;
    }
  }

  #waitForChange(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MS, false);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  /** Asks for locks that are not granted: a session's own word for what it waits for comes late. */
  async #onlyLocksAreWaitedFor(): Promise<boolean> {
    const moving = [...this.#underWay].map(({ backend }) => backend);
    if (moving.includes(undefined)) return false;
    const found = await this.#observer.query<{ pid: number; waits: boolean }>(
      `select pid, exists (select from pg_locks l where l.pid = a.pid and not l.granted) as waits
       from pg_stat_activity a where pid = any($1::integer[])`,
      [[...moving, ...this.#dying]],
    );
    const waits = new Map(found.rows.map((row) => [row.pid, row.waits]));
    for (const backend of this.#dying) if (!waits.has(backend)) this.#dying.delete(backend);
    return [...moving, ...this.#dying].every(
      (backend) => backend !== undefined && waits.get(backend) === true,
    );
  }

  async #report(processes: readonly ModelProcess[]): Promise<string> {
    const busy = [...this.#underWay].map(
      ({ process, label, backend }) => `${process.name} at ${label} (backend ${backend ?? 'none'})`,
    );
    const lost = this.#lost(processes).map(({ name }) => `${name} nowhere`);
    const sessions = await this.#observer.query<{ session: string }>(
      `select concat_ws(' ', pid, state, wait_event_type, wait_event, pg_blocking_pids(pid)::text, left(query, 120)) as session
       from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return `stuck: ${[...busy, ...lost].join(', ')}\n${sessions.rows.map(({ session }) => session).join('\n')}`;
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
