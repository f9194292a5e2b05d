import { type Dispatcher, request } from 'undici';
import type { Clock } from '../clock.ts';
import {
  HistorianError,
  PagingError,
  RateLimitedError,
  UnreachableError,
  WindowRefusedError,
} from '../errors.ts';
import { type Instant, instantOfMilliseconds } from '../instant.ts';
import type { Log } from '../log.ts';
import type { Lane } from '../stream-key.ts';
import { withAnySignal } from '../with-any-signal.ts';
import { failureOf, header, isRedirect, parseBody, readBytes, textOf, unreachable } from './answer.ts';
import { type Connections, openConnections, TIMEOUT_MS } from './connections.ts';
import { nextLink } from './next-link.ts';
import type { RequestPace } from './request-pace.ts';
import { askedWait, backoff } from './retry-after.ts';
import { assertTrusted } from './trusted-hosts.ts';

/** Meraki's documented form: letters, digits and dots, `Application/Version Vendor`. */
export const USER_AGENT = 'HistorianForDashboards/0.1 OpenSource';
const MAX_REDIRECTS = 5;
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
    return instantOfMilliseconds(this.#options.clock.now() + this.#shared.skew.measuredMs);
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
        const outcome = await this.#ask(new URL(href), options);
        requests += outcome.requests;
        if (outcome.ok) {
          const { body, text, next } = outcome;
          return { body, text, next, answeredAt: outcome.answeredAt, requests, waitedMs };
        }
        failure = outcome.failure;
        retryAfter = outcome.retryAfter;
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

  async #ask(first: URL, options: RequestOptions): Promise<Outcome> {
    const ending = options.signal === undefined ? [] : [options.signal];
    let url = first;
    for (let requests = 1; ; requests += 1) {
      assertTrusted(url, this.#options.trustedHosts);
      options.signal?.throwIfAborted();
      this.#sent += 1;
      const signals = [AbortSignal.timeout(TIMEOUT_MS), ...ending];
      const came = await withAnySignal(signals, (signal) => this.#askOnce(url, signal));
      if ('ok' in came) return { requests, ...came };
      if (requests > MAX_REDIRECTS || !URL.canParse(came.location, url.href)) {
        return {
          ok: false,
          requests,
          answeredAt: this.now(),
          failure: new UnreachableError(
            `Meraki redirected ${MAX_REDIRECTS} times without an answer, or to no valid address.`,
            { host: url.host, path: url.pathname },
          ),
        };
      }
      url = new URL(came.location, url);
    }
  }

  async #askOnce(url: URL, signal: AbortSignal): Promise<Came | { readonly location: string }> {
    const response = await request(url, {
      dispatcher: this.#shared.agent,
      headers: {
        authorization: `Bearer ${this.#options.key}`,
        'user-agent': USER_AGENT,
        accept: 'application/json',
      },
      signal,
    });
    const location = header(response, 'location');
    if (isRedirect(response.statusCode) && location !== undefined) {
      await response.body.dump();
      return { location };
    }
    this.#shared.skew.measure(header(response, 'date'), this.#options.clock.now());
    const answeredAt = this.now();
    return { answeredAt, ...(await this.#read(url, response)) };
  }

  async #read(url: URL, response: Dispatcher.ResponseData): Promise<Reading> {
    const bytes = await readBytes(response, url);
    const text = textOf(bytes);
    if (response.statusCode === 200) {
      const read = parseBody(bytes, text);
      if (read === undefined || !Array.isArray(read.body)) {
        const what = read === undefined ? 'something that is not JSON' : 'something that is not a list';
        const facts = { path: url.pathname, bytes: bytes.length };
        return { ok: false, failure: new UnreachableError(`Meraki answered with ${what}.`, facts) };
      }
      const next = nextLink(header(response, 'link'), url);
      // Found out later, it would stand in a checkpoint by then, and be refused at every start.
      if (next !== undefined) assertTrusted(next, this.#options.trustedHosts);
      if (next !== undefined && this.#withoutKey(next.href) !== next.href) {
        throw new PagingError('The address of the next page repeats the API key.', { path: url.pathname });
      }
      return { ok: true, ...read, body: read.body, next: next?.href };
    }
    const failure = failureOf(response.statusCode, url, this.#withoutKey(text));
    return { ok: false, failure, retryAfter: header(response, 'retry-after') };
  }

  /** What others say is told to people and stored, and may repeat what they were asked with. */
  #withoutKey(said: string): string {
    const { key } = this.#options;
    return key === '' ? said : said.replaceAll(key, '***');
  }
}

type Reading =
  | {
      readonly ok: true;
      readonly body: readonly unknown[];
      readonly text: string;
      readonly next: string | undefined;
    }
  | { readonly ok: false; readonly failure: HistorianError; readonly retryAfter?: string | undefined };
type Came = Reading & { readonly answeredAt: Instant };
type Outcome = Came & { readonly requests: number };
