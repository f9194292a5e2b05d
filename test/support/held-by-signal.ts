import { getEventListeners } from 'node:events';

/** What hangs on a signal: listeners, and signals made of it by `AbortSignal.any`, which Node keeps in a set of its own. */
export function heldBy(signal: AbortSignal): number {
  const made = Object.getOwnPropertySymbols(signal)
    .filter(({ description }) => description?.includes('Dependant'))
    .map((symbol) => (signal as unknown as Record<symbol, ReadonlySet<unknown> | undefined>)[symbol]);
  return getEventListeners(signal, 'abort').length + made.reduce((sum, set) => sum + (set?.size ?? 0), 0);
}
