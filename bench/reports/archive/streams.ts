import type { StreamKey } from '../../../src/stream-key.ts';
import { BUCKET_SECONDS } from './count-history.ts';
import type { Customer } from './customer.ts';

/** A stream, and how the program reads it by default. */
export interface PlannedStream {
  readonly key: StreamKey;
  readonly bucketSeconds: number;
  readonly everySeconds: number;
  readonly settleSeconds: number;
  readonly lookbackSeconds: number;
}

/** The streams of an organization: its webhook log, and each series of its API responses. */
export function streamsOf({ id: organizationId, series }: Customer): readonly PlannedStream[] {
  const counts = ['all', ...series].map((name) => ({
    key: { organizationId, stream: 'api_responses' as const, series: name },
    bucketSeconds: BUCKET_SECONDS,
    everySeconds: 900,
    settleSeconds: 600,
    lookbackSeconds: 31 * 86_400 - 300,
  }));
  const log = {
    key: { organizationId, stream: 'webhook_logs' as const, series: 'all' },
    bucketSeconds: 0,
    everySeconds: 300,
    settleSeconds: 900,
    lookbackSeconds: 30 * 86_400 - 300,
  };
  return [log, ...counts];
}
