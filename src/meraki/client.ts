import type { Clock } from '../clock.ts';
import { HistorianError, RateLimitedError, WindowRefusedError } from '../errors.ts';
import type { Instant } from '../instant.ts';
import type { Log } from '../log.ts';
import type { Lane } from '../stream-key.ts';
import { unreachable } from './answer.ts';
import { type Connections, openConnections, TIMEOUT_MS } from './connections.ts';
import { exchange, merakiTime } from './exchange.ts';
import type { RequestPace } from './request-pace.ts';
import { askedWait, backoff } from './retry-after.ts';

const MAX_ATTEMPTS = 6;

export interface MerakiClientOptions {
  readonly baseUrl: string;
  readonly key: string;
  readonly trustedHosts: readonly string[];
  readonly pace: RequestPace;
  readonly clock: Clock;
  readonly log: Log;
  /** A number from 0 up to but not including 1. */
  readonly random?: () => number;
}

export interface Query {
  readonly [name: string]: string | number | readonly string[] | undefined;
}

export interface RequestOptions {
  /** Whose request budget is used beside that of the address; none for calls that belong to no organization. */
  readonly organizationId?: string;
  readonly signal?: AbortSignal;
}

export interface Answer {
  /** The parsed JSON body: every operation of ours is documented to answer with a list. */
  readonly body: readonly unknown[];
  /** The body as received, for what a parsed value does not keep. */
  readonly text: string;
  /** URL of the next page, if there is one. */
  readonly next: string | undefined;
  /** When Meraki answered, by its own `Date` header; by our corrected clock where that is missing. */
  readonly answeredAt: Instant;
  /** Attempts it took, counting redirects. */
  readonly requests: number;
  /** Time spent on purpose: request budget and waiting to retry. */
  readonly waitedMs: number;
}

/** Asks the Meraki Dashboard API. One instance serves all organizations of a key. */
export class MerakiClient {
  readonly #options: MerakiClientOptions;
  readonly #shared: Connections;
  readonly #lane: Lane;
  #sent = 0;
  #waitedMs = 0;

  constructor(options: MerakiClientOptions, lane: Lane = 'live', shared: Connections = openConnections()) {
    this.#options = options;
    this.#lane = lane;
    this.#shared = shared;
  }

  /**
   * The same client with an effort of its own, whose requests take from the budget what is left to `lane`. Without it,
   * they are `live`.
   */
  inLane(lane: Lane): MerakiClient {
    return new MerakiClient(this.#options, lane, this.#shared);
  }

  /** Requests sent so far, whatever came of them, and time spent on purpose: request budget and waiting to retry. */
  get effort(): { readonly requests: number; readonly waitedMs: number } {
    return { requests: this.#sent, waitedMs: this.#waitedMs };
  }

  /** How far Meraki's clock is ahead of ours, in milliseconds; 0 while it is too little to tell. */
  get clockSkewMs(): number {
    return this.#shared.skew.milliseconds;
  }

  /** Now, by Meraki's clock; up to a second early, never late, since its `Date` header drops the fraction. */
  now(): Instant {
    return merakiTime({ clock: this.#options.clock, skew: this.#shared.skew });
  }

  /** The same, where Meraki has answered lately: else this machine's clock may have been set meanwhile, by years. */
  recentNow(): Instant | undefined {
    return this.#shared.skew.isFresh(this.#options.clock.now()) ? this.now() : undefined;
  }

  /** Asks for `path` below the base URL. See {@link follow} for what it throws. */
  get(path: string, query: Query, options: RequestOptions = {}): Promise<Answer> {
    const url = new URL(`${this.#options.baseUrl.replace(/\/$/, '')}${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (Array.isArray(value)) for (const item of value) url.searchParams.append(`${name}[]`, item);
      else if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return this.follow(url.href, options);
  }

  /**
   * Asks for a URL that an earlier answer gave, retrying what may pass: about a minute, or up to five where Meraki
   * asks to wait.
   *
   * @throws {KeyRefusedError} 401
   * @throws {OrganizationRefusedError} 403 or 404
   * @throws {WindowRefusedError} 400: the request itself is not accepted
   * @throws {RateLimitedError} still 429 after the last attempt
   * @throws {UnreachableError} no usable answer after the last attempt, other statuses included
   * @throws {PagingError} no address of a next page can be made out of the answer, or it repeats the key
   * @throws {UntrustedHostError} the URL, a redirect or the next page is on a host that must not see the key
   */
  async follow(href: string, options: RequestOptions = {}): Promise<Answer> {
    const { clock, log, random = Math.random } = this.#options;
    const started = clock.now();
    let requests = 0;
    let waitedMs = 0;
    const terms = {
      ...this.#options,
      ...this.#shared,
      onSend: () => {
        this.#sent += 1;
      },
    };
    const waited = (milliseconds: number) => {
      waitedMs += milliseconds;
      this.#waitedMs += milliseconds;
    };
    for (let attempt = 1; ; attempt += 1) {
      options.signal?.throwIfAborted();
      waited(await this.#options.pace.take(options.organizationId, this.#lane, options.signal));
      let failure: HistorianError;
      let retryAfter: string | undefined;
      try {
        const came = await exchange(new URL(href), terms, options.signal);
        requests += came.requests;
        if (came.ok) {
          const { body, text, next, answeredAt } = came;
          return { body, text, next, answeredAt, requests, waitedMs };
        }
        failure = came.failure;
        retryAfter = came.retryAfter;
      } catch (error) {
        options.signal?.throwIfAborted();
        if (error instanceof HistorianError) throw error;
        requests += 1;
        failure = unreachable(new URL(href), error);
      }
      if (failure.retry !== 'later' || failure instanceof WindowRefusedError) throw failure;
      const asked = askedWait(retryAfter, clock.now());
      if (failure instanceof RateLimitedError && options.organizationId !== undefined) {
        await this.#options.pace.pause(options.organizationId, asked);
      }
      if (attempt >= MAX_ATTEMPTS) throw failure;
      const wait = asked ?? backoff(attempt, random());
      log[attempt === 3 ? 'warn' : 'debug'](
        { organizationId: options.organizationId, code: failure.code, attempt, waitMs: Math.round(wait) },
        `${failure.message} Asking again.`,
      );
      await clock.sleep(wait, options.signal);
      waited(wait);
      if (clock.now() - started > 5 * TIMEOUT_MS) throw failure;
    }
  }

  async close(): Promise<void> {
    await this.#shared.agent.close();
  }
}
