import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import { CopyIn } from '../../../src/db/copy-in.ts';
import type { FenceModel } from './fence-model.ts';
import type { Gates } from './gates.ts';
import type { ModelProcess } from './model-process.ts';
import type { ProgressModel } from './progress-model.ts';
import type { Reach } from './reach.ts';
import type { RunFiguresModel } from './run-figures.ts';
import { COPY, DIGEST, labelOf } from './statement-label.ts';

/** What a call of a dead process gets; nobody is there to see it. */
export class ProcessDied extends Error {}

/** A COPY tells how it ended by its callback, and not to whoever sends it. */
type Statement = string | { readonly text: string } | CopyIn;
type Query = (statement: Statement, values?: readonly unknown[]) => Promise<pg.QueryResult>;
/** Who decides on statements, and who is told of them. */
interface Watched {
  readonly gates: Gates;
  readonly fence: FenceModel;
  readonly progress: ProgressModel;
  readonly reach: Reach;
  readonly figures: RunFiguresModel;
}

type Callback = (error: unknown, result?: pg.QueryResult) => void;

/** Makes every statement of a connection stop at a gate, and tells the fence's model what became of it. */
export function gateClient(client: pg.PoolClient, process: ModelProcess, watched: Watched): void {
  const plainly = client.query.bind(client) as unknown as Query;
  const send: Query = (statement, values) =>
    statement instanceof CopyIn ? sendCopy(plainly, statement) : plainly(statement, values);
  const connection = new GatedConnection(client, process, watched, send);
  const query = (statement: Statement, ...rest: unknown[]) => {
    const told = statement instanceof CopyIn ? statement.callback : rest.at(-1);
    const callback = typeof told === 'function' ? (told as Callback) : undefined;
    if (typeof rest.at(-1) === 'function') rest.pop();
    const answered = connection.run(statement, rest[0] as readonly unknown[] | undefined);
    if (callback === undefined) return answered;
    answered.then(
      (result) => callback(null, result),
      (error: unknown) => callback(error),
    );
    return undefined;
  };
  Object.assign(client, { query });
}

function sendCopy(send: Query, copy: CopyIn): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    copy.callback = (error, result) => (error === null ? resolve(result) : reject(error));
    void send(copy);
  });
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

const WRITE = 'insert into meraki_store.webhook_deliveries';

class GatedConnection {
  readonly #client: pg.PoolClient;
  readonly #process: ModelProcess;
  readonly #gates: Gates;
  readonly #fence: FenceModel;
  readonly #progress: ProgressModel;
  readonly #reach: Reach;
  readonly #figures: RunFiguresModel;
  readonly #send: Query;
  #inTransaction = false;
  #movedFrom: number | undefined;
  /** The open windows that the transaction stores. */
  #stored: unknown = null;
  /** Whether the transaction that moves a checkpoint holds coverage: that of a page, or one that takes claims back. */
  #holdsCoverage = false;
  /** Whether it looked at what is stored, and has written nothing since. */
  #isUnwritten = false;

  constructor(
    client: pg.PoolClient,
    process: ModelProcess,
    { gates, fence, progress, reach, figures }: Watched,
    send: Query,
  ) {
    this.#progress = progress;
    this.#reach = reach;
    this.#figures = figures;
    this.#client = client;
    this.#process = process;
    this.#gates = gates;
    this.#fence = fence;
    this.#send = send;
  }

  async run(query: Statement, values: readonly unknown[] | undefined): Promise<pg.QueryResult> {
    const process = this.#process;
    process.assertAlive();
    const label = labelOfStatement(query);
    const kind = this.#inTransaction ? 'in transaction' : 'statement';
    if (this.#holdsCoverage) this.#fence.pageStatements.add(label);
    return await this.#gates.pass(process, label, kind, async (fate, operation) => {
      operation.backend = backendOf(this.#client);
      const [what, when] = fate.split(' ');
      if (when === 'before') {
        this.#end(what);
        return await this.#send(query, values as unknown[]);
      }
      if (label === 'commit' && (when === 'during' || when === 'after')) {
        this.#figures.isCut(process.runId, what === 'drop');
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
      if (!this.#progress.moved(runId, this.#stored) && this.#holdsCoverage) this.#reach.takenBack += 1;
      if (this.#isUnwritten) this.#reach.known += 1;
      this.#figures.committed(runId);
      this.#process.hasCommitted = true;
    }
    if (label === COPY) this.#reach.copies += 1;
    if (label === DIGEST && this.#holdsCoverage) {
      this.#reach.digests += 1;
      this.#isUnwritten = true;
    }
    if (label === COPY || label === WRITE) this.#isUnwritten = false;
    if (label === 'begin') {
      this.#inTransaction = true;
      this.#figures.begins(runId);
    }
    if (label === 'commit' || label === 'rollback') this.#inTransaction = false;
    if (label === 'select for update meraki_ingest.coverage')
      this.#holdsCoverage = this.#movedFrom !== undefined;
    if (this.#inTransaction) return;
    this.#movedFrom = undefined;
    this.#holdsCoverage = false;
    this.#isUnwritten = false;
  }
}

function labelOfStatement(statement: Statement): string {
  if (statement instanceof CopyIn) return COPY;
  return labelOf(typeof statement === 'string' ? statement : statement.text);
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
