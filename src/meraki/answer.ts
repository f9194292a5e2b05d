import { isAscii, isUtf8 } from 'node:buffer';
import type { Dispatcher } from 'undici';
import {
  type HistorianError,
  KeyRefusedError,
  OrganizationRefusedError,
  RateLimitedError,
  UnreachableError,
  WindowRefusedError,
} from '../errors.ts';

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/**
 * Reads a whole body.
 *
 * @throws {UnreachableError} when it is longer than any documented answer can be
 */
export async function readBytes(response: Dispatcher.ResponseData, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) {
      response.body.destroy();
      throw new UnreachableError(`Meraki's answer is longer than ${MAX_BODY_BYTES} bytes; it was cut off.`, {
        path: url.pathname,
      });
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** A body as text. Nearly all are ASCII, for which decoding is copying. */
export function textOf(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}

/**
 * The JSON value of a body and its text, or `undefined` when it is no JSON.
 *
 * A byte that is not UTF-8 becomes an unpaired surrogate of its own (U+DC80 to U+DCFF). The usual U+FFFD would make
 * different rows look alike; a row with a surrogate is refused, and its text keeps the byte.
 */
export function parseBody(
  bytes: Buffer,
  text: string,
): { readonly body: unknown; readonly text: string } | undefined {
  const body = parseJson(text);
  if (body === undefined) return undefined;
  if (!text.includes('\ufffd') || isUtf8(bytes)) return { body, text };
  const exact = decode(bytes);
  return { body: JSON.parse(exact), text: exact };
}

/** Cut in halves, between characters, until what is not UTF-8 stands alone. */
function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  if (bytes.length === 1) return String.fromCharCode(0xdc00 + bytes.readUInt8());
  const middle = bytes.length >> 1;
  const start = bytes.subarray(middle).findIndex((byte) => (byte & 0xc0) !== 0x80);
  const cut = start > 0 && start < 4 ? Math.min(middle + start, bytes.length - 1) : middle;
  return decode(bytes.subarray(0, cut)) + decode(bytes.subarray(cut));
}

/** The JSON value of a text, or `undefined` when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an HTTP status other than 200 means; decided by the status alone. */
export function failureOf(status: number, url: URL, text: string): HistorianError {
  const facts = { status, path: url.pathname, host: url.host };
  const said = reasonGiven(text);
  if (status === 401) {
    return new KeyRefusedError(
      `Meraki refused the API key (401${said}). Check it, or make a new one in the dashboard under your profile, API access.`,
      facts,
    );
  }
  if (status === 404 && url.pathname.endsWith('/organizations')) {
    return new OrganizationRefusedError(
      `Meraki knows no ${url.pathname} (404${said}). Check MERAKI_BASE_URL: it has to end in /api/v1.`,
      facts,
    );
  }
  if (status === 403 || status === 404) {
    return new OrganizationRefusedError(`Meraki refused ${url.pathname} (${status}${said}).`, facts);
  }
  if (status === 429) return new RateLimitedError(`Meraki's rate limit is exceeded (429${said}).`, facts);
  if (status !== 400) {
    return new UnreachableError(`Meraki answered ${status}${said}.`, facts);
  }
  return new WindowRefusedError(`Meraki does not accept the request (${status}${said}).`, facts);
}

/** For people to read; never to decide on. */
function reasonGiven(text: string): string {
  const body = parseJson(text);
  const errors = typeof body === 'object' && body !== null && 'errors' in body ? body.errors : undefined;
  if (!Array.isArray(errors) || errors.length === 0) return '';
  const said = errors.filter((error) => typeof error === 'string').join('; ');
  return said === '' ? '' : `: ${said.slice(0, 200)}`;
}

/** For a request that got no answer at all. */
export function unreachable(url: URL, error: unknown): UnreachableError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const said = error instanceof Error ? error.message || code : String(error);
  return new UnreachableError(`Meraki cannot be reached at ${url.host}: ${said}.`, { host: url.host, code });
}

export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

export function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
