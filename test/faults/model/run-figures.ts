/*
 * What the figures of each run have to be. Pages and rows are written in the transaction that commits them, and never go
 * down: they are exact for every run, however it ended. Only where a connection was cut while `commit` was on its way
 * does nobody but Postgres know whether it came about, so either is right. Requests are written when pages are committed
 * and when the run ends: of one that was killed, or ended with an error, those since its last commit are missing.
 */
import type { StreamName } from '../../../src/stream-key.ts';

interface Committed {
  readonly pages: number;
  readonly rowsNew: number;
}

const NOTHING: Committed = { pages: 0, rowsNew: 0 };

export interface RunFigures {
  readonly stream: StreamName;
  committed: Committed;
  /** What the transaction at hand holds. */
  written: Committed;
  /** What a transaction held of which nobody knows whether it was committed. */
  inDoubt: Committed | undefined;
  /** What the source was asked in its name, or a little more. */
  asked: number;
  /** What it sent, perhaps, and what the source may never have seen. */
  givenUp: number;
  /** Whether nothing kept it from writing down what it asked. */
  endedWell: boolean;
  /** Whether it outlived a commit that was cut. */
  livesOn: boolean;
  /** Whether that commit was one of pages, and came about. */
  isUntold: boolean;
}

export class RunFiguresModel {
  readonly #runs = new Map<string, RunFigures>();
  /** Requests of all runs, at most, that the source does not count. */
  astray = 0;

  get runs(): ReadonlyMap<string, RunFigures> {
    return this.#runs;
  }

  begun(runId: string, stream: StreamName): void {
    const nothing = { committed: NOTHING, written: NOTHING, inDoubt: undefined, asked: 0, givenUp: 0 };
    const unknown = { endedWell: false, livesOn: false, isUntold: false };
    this.#runs.set(runId, { stream, ...nothing, ...unknown });
  }

  /** @param isGivenUp whether it may have been sent, and nobody waited for the answer */
  asked(runId: string, requests: number, isGivenUp: boolean): void {
    const run = this.#of(runId);
    run.asked += requests;
    if (isGivenUp) run.givenUp += 1;
  }

  /** A transaction was begun. */
  begins(runId: string): void {
    this.#of(runId).written = NOTHING;
  }

  wrote(runId: string, written: Committed): void {
    this.#of(runId).written = written;
  }

  /** The transaction's commit is on its way, and the run will not be told of its answer. */
  isCut(runId: string, livesOn: boolean): void {
    const run = this.#of(runId);
    run.inDoubt = run.written;
    run.livesOn = livesOn;
  }

  committed(runId: string): void {
    const run = this.#of(runId);
    const { pages, rowsNew } = run.written;
    run.isUntold = run.livesOn && run.inDoubt !== undefined && pages > 0;
    run.committed = { pages: run.committed.pages + pages, rowsNew: run.committed.rowsNew + rowsNew };
    run.written = NOTHING;
    run.inDoubt = undefined;
  }

  ended(runId: string, isWell: boolean): void {
    this.#of(runId).endedWell = isWell;
  }

  #of(runId: string): RunFigures {
    const run = this.#runs.get(runId);
    if (run === undefined) throw new Error(`no run ${runId} was begun`);
    return run;
  }
}
