import { type Dispatcher, request } from 'undici';
import type { Clock } from '../clock.ts';
import { type HistorianError, PagingError, UnreachableError } from '../errors.ts';
import { type Instant, instantOfMilliseconds } from '../instant.ts';
import { withAnySignal } from '../with-any-signal.ts';
import { failureOf, header, isRedirect, parseBody, readBytes, textOf } from './answer.ts';
import type { ClockSkew } from './clock-skew.ts';
import { type Connections, TIMEOUT_MS } from './connections.ts';
import { nextLink } from './next-link.ts';
import { assertTrusted } from './trusted-hosts.ts';

/** Meraki's documented form: letters, digits and dots, `Application/Version Vendor`. */
export const USER_AGENT = 'HistorianForDashboards/0.1 OpenSource';
const MAX_REDIRECTS = 5;

export interface ExchangeTerms extends Connections {
  readonly key: string;
  readonly trustedHosts: readonly string[];
  readonly clock: Clock;
  /** Hears of each request right before it is sent, redirected ones included. */
  readonly onSend: () => void;
}

/** What was said in answer, or why that is of no use. */
type Reading =
  | {
      readonly ok: true;
      readonly body: readonly unknown[];
      readonly text: string;
      readonly next: string | undefined;
    }
  | { readonly ok: false; readonly failure: HistorianError; readonly retryAfter?: string | undefined };
type Came = Reading & { readonly answeredAt: Instant };
export type Exchanged = Came & { readonly requests: number };

/** Now, by Meraki's clock; up to a second early, never late, since its `Date` header drops the fraction. */
export function merakiTime({ clock, skew }: { readonly clock: Clock; readonly skew: ClockSkew }): Instant {
  return instantOfMilliseconds(clock.now() + skew.measuredMs);
}

/**
 * Asks Meraki once and reads what comes, after redirects. What failed is told, and not tried again.
 *
 * @throws {PagingError} no address of a next page can be made out of the answer, or it repeats the key
 * @throws {UntrustedHostError} the URL, a redirect or the next page is on a host that must not see the key
 * @throws what the connection fails with, and the reason of `signal`
 */
export async function exchange(
  first: URL,
  terms: ExchangeTerms,
  signal: AbortSignal | undefined,
): Promise<Exchanged> {
  const ending = signal === undefined ? [] : [signal];
  let url = first;
  for (let requests = 1; ; requests += 1) {
    assertTrusted(url, terms.trustedHosts);
    signal?.throwIfAborted();
    terms.onSend();
    const signals = [AbortSignal.timeout(TIMEOUT_MS), ...ending];
    const came = await withAnySignal(signals, (either) => askOnce(url, terms, either));
    if ('ok' in came) return { requests, ...came };
    if (requests > MAX_REDIRECTS || !URL.canParse(came.location, url.href)) {
      return {
        ok: false,
        requests,
        answeredAt: merakiTime(terms),
        failure: new UnreachableError(
          `Meraki redirected ${MAX_REDIRECTS} times without an answer, or to no valid address.`,
          { host: url.host, path: url.pathname },
        ),
      };
    }
    url = new URL(came.location, url);
  }
}

async function askOnce(
  url: URL,
  terms: ExchangeTerms,
  signal: AbortSignal,
): Promise<Came | { readonly location: string }> {
  const response = await request(url, {
    dispatcher: terms.agent,
    headers: {
      authorization: `Bearer ${terms.key}`,
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
  terms.skew.measure(header(response, 'date'), terms.clock.now());
  const answeredAt = merakiTime(terms);
  return { answeredAt, ...(await read(url, response, terms)) };
}

async function read(url: URL, response: Dispatcher.ResponseData, terms: ExchangeTerms): Promise<Reading> {
  const bytes = await readBytes(response, url);
  const text = textOf(bytes);
  if (response.statusCode === 200) {
    const parsed = parseBody(bytes, text);
    if (parsed === undefined || !Array.isArray(parsed.body)) {
      const what = parsed === undefined ? 'something that is not JSON' : 'something that is not a list';
      const facts = { path: url.pathname, bytes: bytes.length };
      return { ok: false, failure: new UnreachableError(`Meraki answered with ${what}.`, facts) };
    }
    const next = nextLink(header(response, 'link'), url);
    // Found out later, it would stand in a checkpoint by then, and be refused at every start.
    if (next !== undefined) assertTrusted(next, terms.trustedHosts);
    if (next !== undefined && withoutKey(next.href, terms) !== next.href) {
      throw new PagingError('The address of the next page repeats the API key.', { path: url.pathname });
    }
    return { ok: true, ...parsed, body: parsed.body, next: next?.href };
  }
  const failure = failureOf(response.statusCode, url, withoutKey(text, terms));
  return { ok: false, failure, retryAfter: header(response, 'retry-after') };
}

/** What others say is told to people and stored, and may repeat what they were asked with. */
function withoutKey(said: string, { key }: ExchangeTerms): string {
  return key === '' ? said : said.replaceAll(key, '***');
}
