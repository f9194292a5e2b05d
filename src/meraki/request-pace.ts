import type { Lane } from '../stream-key.ts';

/** Shares request budgets among everybody who asks Meraki. */
export interface RequestPace {
  /**
   * Resolves when the next request may be sent, with the milliseconds waited; rejects with the signal's reason.
   *
   * @param organizationId none for requests that concern no single organization
   * @param lane `backfill` leaves a reserve to `live`
   */
  take(organizationId: string | undefined, lane: Lane, signal?: AbortSignal): Promise<number>;
  /**
   * Meraki answered 429: everybody waits who asks for this organization, and asks more slowly afterwards.
   *
   * @param askedMs how long Meraki asked to wait; `undefined` where it did not say
   */
  pause(organizationId: string, askedMs: number | undefined): Promise<void>;
}
