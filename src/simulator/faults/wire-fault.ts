import { z } from 'zod';

const seconds = z.number().min(0).max(86_400);
const redirectStatus = z.literal([301, 302, 303, 307, 308]).default(302);

/**
 * What can go wrong between a right answer and its reader. Each form is one `kind`:
 *
 * - `rate_limited`: 429, with `Retry-After` in seconds, as a date 2 seconds away, absurdly far, or missing
 * - `server_error`: a status of 500 and above; a proxy's HTML page, an empty body, or Meraki's own form
 * - `cut`: the connection is destroyed before the answer, in the midst of its body, or right behind its body
 * - `hang`: no answer for so many seconds of real time, then the right one; without `seconds` never
 * - `truncated_json`: a whole HTTP answer whose body ends in the midst of the JSON
 * - `wrong_content_type`: the right body, said to be HTML
 * - `html_200`, `empty_body`: status 200 and no JSON
 * - `redirect`: to the other name of this host (`shard`), to an address that redirects for ever (`loop`), to a
 *   URL of the plan's (`untrusted`), or to plain http on a host that looks like Meraki's (`plain_http`)
 * - `next_link`: the `next` link of the page leads to a URL of the plan's
 * - `token_loop`: the `next` link leads back to the first page of the window
 * - `token_expired`: 400, as for a page token that is not known; only calls that carry one
 * - `huge_body`: the right answer behind so many bytes of white space, or one JSON string of so many bytes
 * - `wrong_shape`: JSON, and no list
 */
export const wireFault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rate_limited'),
    retryAfter: z.union([seconds, z.enum(['missing', 'date', 'absurd'])]).default(1),
  }),
  z.strictObject({
    kind: z.literal('server_error'),
    status: z.literal([500, 502, 503, 504]).default(502),
    body: z.enum(['html', 'empty', 'json']).default('html'),
  }),
  z.strictObject({ kind: z.literal('cut'), where: z.enum(['before', 'within', 'after']) }),
  z.strictObject({ kind: z.literal('hang'), seconds: seconds.optional() }),
  z.strictObject({ kind: z.literal('truncated_json') }),
  z.strictObject({ kind: z.literal('wrong_content_type') }),
  z.strictObject({ kind: z.literal('html_200') }),
  z.strictObject({ kind: z.literal('empty_body') }),
  z.discriminatedUnion('to', [
    z.strictObject({ kind: z.literal('redirect'), to: z.literal('shard'), status: redirectStatus }),
    z.strictObject({ kind: z.literal('redirect'), to: z.literal('loop'), status: redirectStatus }),
    z.strictObject({
      kind: z.literal('redirect'),
      to: z.literal('untrusted'),
      url: z.url(),
      status: redirectStatus,
    }),
    z.strictObject({
      kind: z.literal('redirect'),
      to: z.literal('plain_http'),
      url: z.url().default('http://n1.meraki.com'),
      status: redirectStatus,
    }),
  ]),
  z.strictObject({ kind: z.literal('next_link'), to: z.url() }),
  z.strictObject({ kind: z.literal('token_loop') }),
  z.strictObject({ kind: z.literal('token_expired') }),
  z.strictObject({
    kind: z.literal('huge_body'),
    bytes: z.int().min(1).max(200_000_000).default(10_000_000),
    as: z.enum(['padded', 'garbage']).default('padded'),
  }),
  z.strictObject({
    kind: z.literal('wrong_shape'),
    as: z.enum(['object', 'null', 'number', 'string']).default('object'),
  }),
]);

export type WireFault = z.output<typeof wireFault>;
export type WireFaultKind = WireFault['kind'];
