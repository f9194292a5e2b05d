import { type Clock, hasPassed } from '../clock.ts';
import type { Log } from '../log.ts';

const SAME_FAULT_MS = 60_000;

/**
 * A listener for `error` events, which would end the process without one. A store that is down makes every queue,
 * worker and connection say the same many times a second; each fault is logged once a minute.
 */
export function faultLog(what: string, log: Log, clock: Clock): (error: Error) => void {
  const saidAt = new Map<string, number>();
  return ({ message }) => {
    const now = clock.now();
    // Messages name jobs and addresses: those of last year must not lie in memory for ever.
    for (const [said, at] of saidAt) if (hasPassed(SAME_FAULT_MS, at, now)) saidAt.delete(said);
    const isNew = !saidAt.has(message);
    if (isNew) saidAt.set(message, now);
    log[isNew ? 'warn' : 'trace']({ error: message }, what);
  };
}
