/*
 * Progress as it has to be (I3): the pages of a window are committed in the order in which they were asked for, one or
 * several at a time, and none is left out. Several windows of a lane are open side by side; a commit moves one of them
 * and leaves the others where they stood. What is stored with it is where the windows go on, and whoever takes the lane
 * goes on there with all of them before it opens another. Pages that were answered and not committed may be lost with
 * their process.
 */
import type { Range } from '../../../src/ranges.ts';
import type { OpenWindow } from '../../../src/sync/open-window.ts';

/** By their tokens: what was asked for, and where the answer said that it goes on. */
interface Page {
  readonly window: string;
  readonly asked: string | null;
  readonly next: string | null;
}

/** Where windows go on, by what they ask for altogether. */
type Standing = ReadonlyMap<string, string>;

interface Progress {
  /** Where the checkpoint says that the windows of the run go on. */
  at: Standing;
  /** Answered and not committed yet, in order. */
  pages: readonly Page[];
  /** How many of a window's are written by the transaction at hand; `undefined`: it writes none. */
  written: { readonly window: string; readonly count: number } | undefined;
}

export class ProgressModel {
  readonly #runs = new Map<string, Progress>();
  /** Where a run has to go on before it opens another window. */
  readonly #resumes = new Map<string, Map<string, string>>();
  readonly failures: string[] = [];
  resumed = 0;
  /** The most pages that one commit held. */
  mostAtOnce = 0;
  /** The most windows that one checkpoint held. */
  mostOpen = 0;
  /** The most windows that one run went on with. */
  mostResumed = 0;

  /** A run took its lane, with the windows that it found open. */
  taken(runId: string, openWindows: unknown): void {
    const standing = standingOf(openWindows);
    if (standing.size === 0) return;
    this.#resumes.set(runId, new Map(standing));
    this.#run(runId).at = standing;
    this.mostResumed = Math.max(this.mostResumed, standing.size);
  }

  asked(runId: string, { asked, pageToken }: OpenWindow): void {
    const open = this.#resumes.get(runId);
    if (open === undefined || open.size === 0) return;
    const window = nameOf(asked);
    if (open.get(window) !== pageToken) {
      this.failures.push(`I3: ${runId} began anew where a page had been committed`);
    }
    open.delete(window);
    this.resumed += 1;
  }

  answered(runId: string, asked: OpenWindow, next: OpenWindow | null): void {
    const run = this.#run(runId);
    const page = { window: nameOf(asked.asked), asked: asked.pageToken, next: next?.pageToken ?? null };
    run.pages = [...run.pages, page];
  }

  /** The transaction at hand writes so many pages of the window that asked for `asked`. */
  writes(runId: string, asked: Range, count: number): void {
    this.#run(runId).written = { window: nameOf(asked), count };
  }

  /**
   * The checkpoint was moved to the open windows as they were stored.
   *
   * @returns whether by pages; else a window was given up
   */
  moved(runId: string, openWindows: unknown): boolean {
    const run = this.#run(runId);
    const { written } = run;
    run.written = undefined;
    if (written === undefined) this.#gaveUp(runId, run, standingOf(openWindows));
    else this.#committed(runId, run, written, standingOf(openWindows));
    return written !== undefined;
  }

  #committed(
    runId: string,
    run: Progress,
    { window, count }: NonNullable<Progress['written']>,
    stored: Standing,
  ): void {
    const pages = run.pages.filter((page) => page.window === window);
    const from = run.at.get(window) ?? null;
    const to = stored.get(window) ?? null;
    const last = pages.findIndex(
      ({ next }, index) => next === to && firstOf(pages, index, from) === index - count + 1,
    );
    if (last === -1) {
      this.failures.push(`I3: ${runId} committed pages, and not those that are next`);
    } else {
      this.mostAtOnce = Math.max(this.mostAtOnce, count);
      const gone = new Set(pages.slice(0, last + 1));
      run.pages = run.pages.filter((page) => !gone.has(page));
    }
    if (!isSame(without(run.at, window), without(stored, window))) {
      this.failures.push(`I3: ${runId} committed pages of one window, and others moved with it`);
    }
    this.mostOpen = Math.max(this.mostOpen, stored.size);
    run.at = stored;
  }

  #gaveUp(runId: string, run: Progress, stored: Standing): void {
    const given = [...run.at.keys()].filter((window) => !stored.has(window));
    if (!isSame(new Map([...run.at].filter(([window]) => !given.includes(window))), stored)) {
      this.failures.push(`I3: ${runId} gave up a window, and others moved with it`);
    }
    if (given.length > 1) this.failures.push(`I3: ${runId} gave up ${given.length} windows at once`);
    run.at = stored;
  }

  #run(runId: string): Progress {
    let run = this.#runs.get(runId);
    if (run === undefined) {
      run = { at: new Map(), pages: [], written: undefined };
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

function nameOf({ from, to }: Range): string {
  return `${from} to ${to}`;
}

function standingOf(openWindows: unknown): Standing {
  const windows = (openWindows ?? []) as readonly OpenWindow[];
  return new Map(windows.map(({ asked, pageToken }) => [nameOf(asked), String(pageToken)]));
}

function without(standing: Standing, window: string): Standing {
  return new Map([...standing].filter(([other]) => other !== window));
}

function isSame(a: Standing, b: Standing): boolean {
  return a.size === b.size && [...a].every(([window, token]) => b.get(window) === token);
}
