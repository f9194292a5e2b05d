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

export function describeStream(key: StreamKey): string {
  const series = key.series === UNFILTERED ? '' : `/${key.series}`;
  return `${key.stream}${series} of organization ${key.organizationId}`;
}
