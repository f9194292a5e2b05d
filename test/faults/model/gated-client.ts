import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import type { FenceModel } from './fence-model.ts';
import type { Gates } from './gates.ts';
import type { ModelProcess } from './model-process.ts';
import type { ProgressModel } from './progress-model.ts';
import { labelOf } from './statement-label.ts';

/** What a call of a dead process gets; nobody is there to see it. */
export class ProcessDied extends Error {}

type Query = (
  text: string | { readonly text: string },
  values?: readonly unknown[],
) => Promise<pg.QueryResult>;
/** Who decides on statements, and who is told of them. */
interface Watched {
  readonly gates: Gates;
  readonly fence: FenceModel;
  readonly progress: ProgressModel;
}

type Callback = (error: unknown, result?: pg.QueryResult) => void;

/** Makes every statement of a connection stop at a gate, and tells the fence's model what became of it. */
export function gateClient(client: pg.PoolClient, process: ModelProcess, watched: Watched): void {
  const send = client.query.bind(client) as unknown as Query;
  const connection = new GatedConnection(client, process, watched, send);
  const query = (text: string | { readonly text: string }, ...rest: unknown[]) => {
    const callback = typeof rest.at(-1) === 'function' ? (rest.pop() as Callback) : undefined;
    const answered = connection.run(text, rest[0] as readonly unknown[] | undefined);
    if (callback === undefined) return answered;
    answered.then(
      (result) => callback(undefined, result),
      (error: unknown) => callback(error),
    );
    return undefined;
  };
  Object.assign(client, { query });
}

type Connected = (error: Error | undefined, client?: pg.PoolClient, release?: unknown) => void;

/** Counts the taking of a connection as under way: it stops at no gate, and a new one takes its time. */
export function countConnecting(pool: pg.Pool, process: ModelProcess, gates: Gates): void {
  const take = pool.connect.bind(pool) as unknown as (taken?: Connected) => Promise<pg.PoolClient>;
  const connect = (taken?: Connected) => {
    const end = gates.begin(process, 'connect');
    if (taken === undefined) return take().finally(end);
    return take((...given) => {
      taken(...given);
      end();
    });
  };
  Object.assign(pool, { connect });
}

class GatedConnection {
  readonly #client: pg.PoolClient;
  readonly #process: ModelProcess;
  readonly #gates: Gates;
  readonly #fence: FenceModel;
  readonly #progress: ProgressModel;
  readonly #send: Query;
  #inTransaction = false;
  #movedFrom: number | undefined;
  /** The open windows that the transaction stores. */
  #stored: unknown = null;
  /** Whether it is in the transaction of a page: no other locks coverage and moves a checkpoint. */
  #holdsCoverage = false;

  constructor(
    client: pg.PoolClient,
    process: ModelProcess,
    { gates, fence, progress }: Watched,
    send: Query,
  ) {
    this.#progress = progress;
    this.#client = client;
    this.#process = process;
    this.#gates = gates;
    this.#fence = fence;
    this.#send = send;
  }

  async run(
    query: string | { readonly text: string },
    values: readonly unknown[] | undefined,
  ): Promise<pg.QueryResult> {
    const process = this.#process;
    process.assertAlive();
    const label = labelOf(typeof query === 'string' ? query : query.text);
    const kind = this.#inTransaction ? 'in transaction' : 'statement';
    if (this.#holdsCoverage) this.#fence.pageStatements.add(label);
    return await this.#gates.pass(process, label, kind, async (fate, operation) => {
      operation.backend = backendOf(this.#client);
      const [what, when] = fate.split(' ');
      if (when === 'before') {
        this.#end(what);
        return await this.#send(query, values as unknown[]);
      }
      const answer = this.#send(query, values as unknown[]).then((result) => {
        this.#note(label, values ?? [], result);
        return result;
      });
      if (when === 'during') {
        answer.catch(() => undefined);
        while (isSending(this.#client)) await turn();
        this.#end(what);
        return await answer;
      }
      const result = await answer;
      if (when === 'after') {
        this.#end(what);
        throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
      }
      process.assertAlive();
      return result;
    });
  }

  #end(what: string | undefined): void {
    if (what === 'crash') {
      this.#process.crash();
      throw new ProcessDied();
    }
    this.#gates.cut(backendOf(this.#client));
    socketOf(this.#client).destroy();
  }

  #note(label: string, values: readonly unknown[], result: pg.QueryResult): void {
    const { laneName, runId, job } = this.#process;
    if (label === 'insert into meraki_ingest.checkpoints' && result.rows.length === 1) {
      const taken = result.rows[0] as { readonly version: string; readonly open_window: unknown };
      this.#fence.taken(laneName, runId, Number(taken.version));
      if (job?.only === undefined) this.#progress.taken(runId, taken.open_window);
    }
    if (label === 'update meraki_ingest.checkpoints' && result.rowCount === 1) {
      if (!this.#inTransaction) this.#fence.released(runId);
      else {
        this.#movedFrom = Number(values.at(-1));
        this.#stored = typeof values[0] === 'string' ? JSON.parse(values[0]) : null;
      }
    }
    if (label === 'commit' && result.command === 'COMMIT' && this.#movedFrom !== undefined) {
      this.#fence.moved(laneName, runId, this.#movedFrom);
      if (this.#holdsCoverage) this.#progress.committed(runId, this.#stored);
      else this.#progress.gaveUp(runId, this.#stored);
      this.#process.hasCommitted = true;
    }
    if (label === 'begin') this.#inTransaction = true;
    if (label === 'commit' || label === 'rollback') this.#inTransaction = false;
    if (label === 'select for update meraki_ingest.coverage')
      this.#holdsCoverage = this.#movedFrom !== undefined;
    if (this.#inTransaction) return;
    this.#movedFrom = undefined;
    this.#holdsCoverage = false;
  }
}

function backendOf(client: pg.PoolClient): number | undefined {
  return (client as unknown as { readonly processID?: number }).processID;
}

function isSending(client: pg.PoolClient): boolean {
  const { writableLength, destroyed } = socketOf(client);
  return writableLength > 0 && !destroyed;
}

interface Socket {
  readonly destroyed: boolean;
  readonly writableLength: number;
  destroy(): void;
}

export function socketOf(client: pg.PoolClient): Socket {
  return (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;
}
