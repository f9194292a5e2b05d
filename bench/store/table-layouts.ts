import { array, BIGINT, INTEGER, type Layout, text } from './sizing.ts';

/** What rows of an archive look like on average, as far as their size depends on it. */
export interface RowShape {
  /** Characters of the organization's id: 6 of old organizations, 18 of new ones. */
  readonly organizationId: number;
  /** Characters of the name of a series: 3 for `all`. */
  readonly series: number;
  /** Latency buckets that an hour of a receiver has. */
  readonly latencyBuckets: number;
}

const TIMESTAMP = BIGINT;
const STATUS_CLASS = text(3);
/** Of months that no longer change and were packed. */
const PACKED = 1;
/** Of indexes into whose middle rows go, one place for each organization: as it was measured. */
const SPLIT_IN_HALVES = 0.57;

/** The large tables, in the order in which their columns were made. */
export const TABLE_LAYOUTS: Readonly<Record<string, (shape: RowShape) => Layout>> = {
  webhook_deliveries: ({ organizationId }) => ({
    columns: [
      text(organizationId),
      TIMESTAMP,
      BIGINT,
      INTEGER,
      BIGINT,
      BIGINT,
      BIGINT,
      TIMESTAMP,
      INTEGER,
      INTEGER,
      TIMESTAMP,
    ],
    nullable: 12,
    key: [text(organizationId), TIMESTAMP, BIGINT, INTEGER],
    fillfactor: 100,
    leafFill: PACKED,
  }),
  api_response_counts: ({ organizationId, series }) => ({
    columns: [text(organizationId), text(series), INTEGER, TIMESTAMP, INTEGER, BIGINT, INTEGER, TIMESTAMP],
    nullable: undefined,
    key: [text(organizationId), text(series), INTEGER, TIMESTAMP, INTEGER],
    fillfactor: 100,
    leafFill: PACKED,
  }),
  webhook_hours: ({ organizationId }) => ({
    columns: [
      text(organizationId),
      ...[TIMESTAMP, BIGINT, BIGINT, BIGINT],
      STATUS_CLASS,
      ...[BIGINT, BIGINT, BIGINT, BIGINT, BIGINT, BIGINT, TIMESTAMP],
    ],
    nullable: undefined,
    key: [text(organizationId), TIMESTAMP, BIGINT, BIGINT, BIGINT, STATUS_CLASS],
    fillfactor: 90,
    leafFill: SPLIT_IN_HALVES,
  }),
  webhook_endpoint_hours: ({ organizationId, latencyBuckets }) => ({
    // Of the three times that may be null, an hour without failures lacks one.
    columns: [
      text(organizationId),
      ...Array.from({ length: 15 }, () => BIGINT),
      array(latencyBuckets, 2),
      array(latencyBuckets, 4),
      TIMESTAMP,
    ],
    nullable: 20,
    key: [text(organizationId), TIMESTAMP, BIGINT],
    fillfactor: 90,
    leafFill: SPLIT_IN_HALVES,
  }),
  api_response_hours: ({ organizationId, series }) => ({
    columns: [text(organizationId), text(series), ...Array.from({ length: 9 }, () => BIGINT)],
    nullable: undefined,
    key: [text(organizationId), text(series), TIMESTAMP],
    fillfactor: 90,
    leafFill: SPLIT_IN_HALVES,
  }),
};
