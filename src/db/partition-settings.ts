/*
 * Partitioned tables take no storage parameters themselves, so every partition is made with them. Migration
 * 0017 sets the same on partitions that are older; a test compares both. Why these: docs/storage.md.
 */

/** Tables that are partitioned by month. */
export const PARTITIONED_TABLES = [
  'webhook_deliveries',
  'api_response_counts',
  'webhook_hours',
  'webhook_endpoint_hours',
  'api_response_hours',
] as const;

export type PartitionedTable = (typeof PARTITIONED_TABLES)[number];

const MOSTLY_INSERTED = {
  autovacuum_vacuum_insert_scale_factor: 0.05,
  autovacuum_vacuum_insert_threshold: 10_000,
  autovacuum_analyze_scale_factor: 0.05,
} as const;

const SETTINGS: Readonly<Record<PartitionedTable, Readonly<Record<string, number>>>> = {
  webhook_deliveries: { ...MOSTLY_INSERTED, autovacuum_freeze_min_age: 0 },
  api_response_counts: MOSTLY_INSERTED,
  webhook_hours: { fillfactor: 90, ...MOSTLY_INSERTED },
  webhook_endpoint_hours: { fillfactor: 90, ...MOSTLY_INSERTED },
  api_response_hours: { fillfactor: 90, ...MOSTLY_INSERTED },
};

/** Storage parameters of a partition of `table`, as they stand in `with (…)`. */
export function partitionSettings(table: PartitionedTable): string {
  return Object.entries(SETTINGS[table])
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');
}
