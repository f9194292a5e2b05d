import { sql } from './sql.ts';

/** Names of classes of answers as series, and their colours, the same on every dashboard. */
export const CLASS_COLOURS = {
  Success: 'green',
  Redirect: 'blue',
  'Other 4xx': 'orange',
  '429 rate limited': 'yellow',
  '5xx': 'red',
  'No answer': 'purple',
} as const;

/** Sums by class of answer, of deliveries. */
export const DELIVERIES_BY_CLASS = sql`
  sum(successes)::bigint as "Success",
  sum(deliveries - successes - client_errors_4xx - server_errors_5xx - no_response)::bigint as "Redirect",
  sum(client_errors_4xx - rate_limited_429)::bigint as "Other 4xx",
  sum(rate_limited_429)::bigint as "429 rate limited",
  sum(server_errors_5xx)::bigint as "5xx",
  sum(no_response)::bigint as "No answer"`;

/** Sums by class of answer, of API requests. */
export const REQUESTS_BY_CLASS = sql`
  sum(successes_2xx)::bigint as "Success",
  sum(redirects_3xx)::bigint as "Redirect",
  sum(client_errors_4xx - rate_limited_429)::bigint as "Other 4xx",
  sum(rate_limited_429)::bigint as "429 rate limited",
  sum(server_errors_5xx)::bigint as "5xx"`;
