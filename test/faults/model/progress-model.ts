/*
 * Progress as it has to be (I3): pages are committed in the order in which they were asked for, one or several at a
 * time, and none is left out. What is committed with the last of them is where the next page goes on, and whoever takes
 * the lane goes on there, and nowhere else. Pages that were answered and not committed may be lost with their process.
 */
import type { OpenWindow } from '../../../src/sync/open-window.ts';

/** By their tokens: what was asked for, and where the answer said that it goes on. */
interface Page {
  readonly asked: string | null;
  readonly next: string | null;
}

interface Progress {
  /** Where the checkpoint says that the run goes on. */
  at: string | null;
  /** Answered and not committed yet, in order. */
  pages: readonly Page[];
  /** How many of them are written by the transaction at hand. */
  written: number;
}

export class ProgressModel {
  readonly #runs = new Map<string, Progress>();
  /** Where a run that has not asked yet has to go on. */
  readonly #resumes = new Map<string, string>();
  readonly failures: string[] = [];
  resumed = 0;
  /** The most pages that one commit held. */
  mostAtOnce = 0;

  /** A run took its lane, with the window that it found open. */
  taken(runId: string, openWindow: unknown): void {
    const token = tokenOf(openWindow);
    if (token === null) return;
    this.#resumes.set(runId, token);
    this.#run(runId).at = token;
  }

  asked(runId: string, { pageToken }: OpenWindow): void {
    const token = this.#resumes.get(runId);
    if (token === undefined) return;
    this.#resumes.delete(runId);
    this.resumed += 1;
    if (pageToken !== token) this.failures.push(`I3: ${runId} began anew where a page had been committed`);
  }

  answered(runId: string, asked: OpenWindow, next: OpenWindow | null): void {
    const run = this.#run(runId);
    run.pages = [...run.pages, { asked: asked.pageToken, next: tokenOf(next) }];
  }

  /** The transaction at hand writes so many pages. */
  writes(runId: string, count: number): void {
    this.#run(runId).written = count;
  }

  /** Pages were committed, with the open window as it was stored. */
  committed(runId: string, openWindow: unknown): void {
    const run = this.#run(runId);
    const stored = tokenOf(openWindow);
    const last = run.pages.findIndex(
      ({ next }, index) => next === stored && firstOf(run.pages, index, run.at) === index - run.written + 1,
    );
    if (last === -1) {
      this.failures.push(`I3: ${runId} committed pages, and not those that are next`);
    } else {
      this.mostAtOnce = Math.max(this.mostAtOnce, run.written);
      run.pages = run.pages.slice(last + 1);
    }
    run.at = stored;
  }

  /** A window was given up: its checkpoint moved without a page. */
  gaveUp(runId: string, openWindow: unknown): void {
    this.#run(runId).at = tokenOf(openWindow);
  }

  #run(runId: string): Progress {
    let run = this.#runs.get(runId);
    if (run === undefined) {
      run = { at: null, pages: [], written: 0 };
      this.#runs.set(runId, run);
    }
    return run;
  }
}

/** The first of the pages that lead to the last one without a gap, where it was asked for with `from`. */
function firstOf(pages: readonly Page[], last: number, from: string | null): number | undefined {
  for (let index = last; index >= 0; index -= 1) {
    const asked = pages[index]?.asked ?? null;
    if (asked === from) return index;
    if (asked === null || pages[index - 1]?.next !== asked) return undefined;
  }
  return undefined;
}

function tokenOf(openWindow: unknown): string | null {
  return (openWindow as OpenWindow | null)?.pageToken ?? null;
}
