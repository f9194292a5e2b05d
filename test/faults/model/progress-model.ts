/*
 * Progress as it has to be (I3), page by page: what is committed with a page is where the next page goes on, and
 * whoever takes the lane goes on there, and nowhere else.
 */
import type { OpenWindow } from '../../../src/sync/open-window.ts';

export class ProgressModel {
  /** Where the run's last answer said that it goes on. */
  readonly #next = new Map<string, string | null>();
  /** Where a run that has not asked yet has to go on. */
  readonly #resumes = new Map<string, string>();
  readonly failures: string[] = [];
  resumed = 0;

  /** A run took its lane, with the window that it found open. */
  taken(runId: string, openWindow: unknown): void {
    const token = tokenOf(openWindow);
    if (token !== null) this.#resumes.set(runId, token);
  }

  asked(runId: string, { pageToken }: OpenWindow): void {
    const token = this.#resumes.get(runId);
    if (token === undefined) return;
    this.#resumes.delete(runId);
    this.resumed += 1;
    if (pageToken !== token) this.failures.push(`I3: ${runId} began anew where a page had been committed`);
  }

  answered(runId: string, window: OpenWindow | null): void {
    this.#next.set(runId, window?.pageToken ?? null);
  }

  /** A page was committed, with the open window as it was stored. */
  committed(runId: string, openWindow: unknown): void {
    if (tokenOf(openWindow) === (this.#next.get(runId) ?? null)) return;
    this.failures.push(`I3: ${runId} committed a page, and not where the next one is`);
  }
}

function tokenOf(openWindow: unknown): string | null {
  return (openWindow as OpenWindow | null)?.pageToken ?? null;
}
