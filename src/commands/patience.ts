import type { Clock } from '../clock.ts';
import { HistorianError } from '../errors.ts';
import type { Log } from '../log.ts';

const LONGEST_PAUSE_MS = 30_000;

/**
 * Repeats `work` while it fails for a reason that passes by itself: a database that is starting, a network that
 * is down. A service that ends then only moves the waiting to whoever restarts it.
 *
 * @throws whatever fails for another reason, or the signal's reason
 */
export async function withPatience<T>(
  what: string,
  work: () => Promise<T>,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof HistorianError) || error.retry !== 'later') throw error;
      const pause = Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** Math.min(attempt, 5));
      log.warn(
        { code: error.code, attempt },
        `${what}: ${error.message} Trying again in ${pause / 1_000} s.`,
      );
      await clock.sleep(pause, signal);
    }
  }
}
