import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from './stage.ts';

/**
 * Something the chaos can do: it breaks something, may wait, and mends it. It is not awaited, so that acts overlap;
 * what is broken already is left alone by the others.
 */
export interface Act {
  readonly name: string;
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  /** @returns `undefined` when it cannot be done at the moment */
  perform(stage: Stage): Promise<void> | undefined;
}

/** Waits, but not beyond the chaos. */
export async function wait(stage: Stage, least: number, most: number): Promise<void> {
  const { random, quiet } = stage;
  await delay(least + random.next() * (most - least), undefined, { signal: quiet }).catch(() => undefined);
}
