/*
 * Every statement and every request of every process stops at a gate before it goes out, and the plan decides who
 * goes on and what becomes of it. One goes on at a time: the next decision waits until it stands at its next gate,
 * has ended, or waits for a lock that one of the others holds, which Postgres itself is asked for. So a seed names
 * one interleaving, however fast the machine is.
 */
import type pg from 'pg';
import type { ModelProcess } from './model-process.ts';

/** Of a process: it ends there, its connections cut. Of a connection: it is cut, and the process lives on. */
export type Fate = 'go' | `${'crash' | 'drop'} ${'before' | 'during' | 'after'}`;

export interface Stop {
  readonly process: ModelProcess;
  readonly label: string;
  /** A request to the source, or a statement; one in a transaction is told apart from one on its own. */
  readonly kind: 'request' | 'statement' | 'in transaction';
  release(fate: Fate): void;
}

const LOOK_EVERY_MS = 2;
const STUCK_AFTER_MS = 20_000;

export class Gates {
  readonly #observer: pg.Pool;
  readonly #waiting = new Map<ModelProcess, Stop>();
  /** Backends of connections that were cut: until they are gone they hold what they had locked. */
  readonly #dying = new Set<number>();
  readonly #blocked = new Set<ModelProcess>();
  #wake: () => void = () => undefined;
  /** Whether nobody stops any more. */
  open = false;

  constructor(observer: pg.Pool) {
    this.#observer = observer;
  }

  /** Stands still until it is decided how to go on. */
  stop(process: ModelProcess, label: string, kind: Stop['kind']): Promise<Fate> {
    if (this.open) return Promise.resolve('go');
    return new Promise((resolve) => {
      const release = (fate: Fate) => {
        this.#waiting.delete(process);
        resolve(fate);
      };
      this.#waiting.set(process, { process, label, kind, release });
      this.changed();
    });
  }

  /** Those who stand at a gate, in the order of their names. */
  standing(): readonly Stop[] {
    return [...this.#waiting.values()].sort((a, b) => (a.process.name < b.process.name ? -1 : 1));
  }

  /** A process has ended its job, or reached a gate. */
  changed(): void {
    this.#wake();
  }

  /** A connection was cut. */
  cut(backend: number | undefined): void {
    if (backend !== undefined) this.#dying.add(backend);
    this.changed();
  }

  /** Lets everybody go, from now on. */
  openAll(): void {
    this.open = true;
    for (const stop of this.standing()) stop.release('go');
  }

  /** Resolves when nobody moves any more: each stands, waits for a lock, or has nothing to do. */
  async settle(processes: readonly ModelProcess[]): Promise<void> {
    const started = Date.now();
    for (;;) {
      const moving = processes.filter((process) => process.isBusy && !this.#waiting.has(process));
      for (const process of this.#blocked) if (!moving.includes(process)) this.#blocked.delete(process);
      if (moving.length === 0 && this.#dying.size === 0) return;
      if (moving.some((process) => !this.#blocked.has(process)) && (await this.#waitForChange())) continue;
      if (await this.#onlyLocksAreWaitedFor(moving)) return;
      if (Date.now() - started > STUCK_AFTER_MS) {
        const busy = moving.map(
          ({ name, doing, backend }) => `${name} at ${doing} (backend ${backend ?? 'none'})`,
        );
        throw new Error(`stuck: ${busy.join(', ')}\n${await this.#sessions()}`);
      }
    }
  }

  async #sessions(): Promise<string> {
    const found = await this.#observer.query<{ session: string }>(
      `select concat_ws(' ', pid, state, wait_event_type, wait_event, pg_blocking_pids(pid)::text, left(query, 120)) as session
       from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return found.rows.map(({ session }) => session).join('\n');
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

  async #onlyLocksAreWaitedFor(moving: readonly ModelProcess[]): Promise<boolean> {
    const backends = moving.flatMap((process) => process.backend ?? []);
    const found = await this.#observer.query<{ pid: number; waits: boolean }>(
      `select pid, wait_event_type is not distinct from 'Lock' as waits
       from pg_stat_activity where pid = any($1::integer[])`,
      [[...backends, ...this.#dying]],
    );
    const waits = new Map(found.rows.map((row) => [row.pid, row.waits]));
    for (const backend of this.#dying) if (!waits.has(backend)) this.#dying.delete(backend);
    for (const process of moving) {
      if (process.backend !== undefined && waits.get(process.backend) === true) this.#blocked.add(process);
      else this.#blocked.delete(process);
    }
    return (
      moving.every((process) => this.#blocked.has(process)) &&
      [...this.#dying].every((backend) => waits.get(backend) === true)
    );
  }
}
