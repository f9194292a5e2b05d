export type StreamName = 'webhook_logs' | 'api_responses';

export const STREAM_NAMES: readonly StreamName[] = ['webhook_logs', 'api_responses'];

/** The series that is asked without any filter. */
export const UNFILTERED = 'all';

/** Names one stream: an endpoint of an organization with one set of filters. */
export interface StreamKey {
  readonly organizationId: string;
  readonly stream: StreamName;
  readonly series: string;
}

/** `live` reads the newest edge, `backfill` everything older that is missing. */
export type Lane = 'live' | 'backfill';

/** A stream among those of its organization: `webhook_logs`, or `api_responses/own` for a series with filters. */
export function streamLabel({
  stream,
  series,
}: {
  readonly stream: string;
  readonly series: string;
}): string {
  return series === UNFILTERED ? stream : `${stream}/${series}`;
}

/** A stream among all, for messages. */
export function describeStream(key: StreamKey): string {
  return `${streamLabel(key)} of organization ${key.organizationId}`;
}
