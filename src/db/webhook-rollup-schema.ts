import { doublePrecision, integer, pgSchema, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { bucketEnd, count, hash, instant, updatedAt } from './columns.ts';

const store = pgSchema('meraki_store');

// Columns that several rollups have. Each call makes new ones, since a column belongs to its table.

const bucket = () => ({
  organizationId: text('organization_id').notNull(),
  bucketStart: instant('bucket_start').notNull(),
});
const groupKeys = () => ({
  endpointId: hash('endpoint_id').notNull(),
  networkKey: hash('network_key').notNull(),
  alertTypeId: hash('alert_type_id').notNull(),
  statusClass: text('status_class').notNull(),
});
const latencies = () => ({
  durationMsSum: count('duration_ms_sum').notNull(),
  durationMsMax: count('duration_ms_max').notNull(),
  p50Ms: doublePrecision('p50_ms').notNull(),
  p95Ms: doublePrecision('p95_ms').notNull(),
  p99Ms: doublePrecision('p99_ms').notNull(),
});
const groupFigures = () => ({ deliveries: count('deliveries').notNull(), ...latencies() });
const endpointFigures = () => ({
  deliveries: count('deliveries').notNull(),
  successes: count('successes').notNull(),
  noResponse: count('no_response').notNull(),
  clientErrors4xx: count('client_errors_4xx').notNull(),
  rateLimited429: count('rate_limited_429').notNull(),
  serverErrors5xx: count('server_errors_5xx').notNull(),
  ...latencies(),
  firstSuccessAt: instant('first_success_at'),
  lastSuccessAt: instant('last_success_at'),
  lastFailureAt: instant('last_failure_at'),
  latencyBuckets: smallint('latency_buckets').array().notNull(),
  latencyCounts: integer('latency_counts').array().notNull(),
});
const mixFigures = () => ({
  deliveries: count('deliveries').notNull(),
  failures: count('failures').notNull(),
});

export const webhookHours = store.table(
  'webhook_hours',
  {
    ...bucket(),
    ...groupKeys(),
    ...groupFigures(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({
      name: 'webhook_hours_pkey',
      columns: [t.organizationId, t.bucketStart, t.endpointId, t.networkKey, t.alertTypeId, t.statusClass],
    }),
  ],
);

export const webhookEndpointHours = store.table(
  'webhook_endpoint_hours',
  {
    ...bucket(),
    endpointId: hash('endpoint_id').notNull(),
    ...endpointFigures(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({
      name: 'webhook_endpoint_hours_pkey',
      columns: [t.organizationId, t.bucketStart, t.endpointId],
    }),
  ],
);

export const webhookDays = store.table(
  'webhook_days',
  {
    ...bucket(),
    ...groupKeys(),
    ...bucketEnd(),
    ...groupFigures(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({
      name: 'webhook_days_pkey',
      columns: [t.organizationId, t.bucketStart, t.endpointId, t.networkKey, t.alertTypeId, t.statusClass],
    }),
  ],
);

export const webhookEndpointDays = store.table(
  'webhook_endpoint_days',
  {
    ...bucket(),
    endpointId: hash('endpoint_id').notNull(),
    ...bucketEnd(),
    ...endpointFigures(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({
      name: 'webhook_endpoint_days_pkey',
      columns: [t.organizationId, t.bucketStart, t.endpointId],
    }),
  ],
);

export const webhookCodeDays = store.table(
  'webhook_code_days',
  {
    ...bucket(),
    endpointId: hash('endpoint_id').notNull(),
    responseCode: integer('response_code').notNull(),
    ...bucketEnd(),
    deliveries: count('deliveries').notNull(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({
      name: 'webhook_code_days_pkey',
      columns: [t.organizationId, t.bucketStart, t.endpointId, t.responseCode],
    }),
  ],
);

export const webhookAlertDays = store.table(
  'webhook_alert_days',
  {
    ...bucket(),
    alertTypeId: hash('alert_type_id').notNull(),
    ...bucketEnd(),
    ...mixFigures(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({
      name: 'webhook_alert_days_pkey',
      columns: [t.organizationId, t.bucketStart, t.alertTypeId],
    }),
  ],
);

export const webhookNetworkDays = store.table(
  'webhook_network_days',
  {
    ...bucket(),
    networkKey: hash('network_key').notNull(),
    ...bucketEnd(),
    ...mixFigures(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({
      name: 'webhook_network_days_pkey',
      columns: [t.organizationId, t.bucketStart, t.networkKey],
    }),
  ],
);

export const webhookFailureRuns = store.table(
  'webhook_failure_runs',
  {
    ...bucket(),
    endpointId: hash('endpoint_id').notNull(),
    successesBefore: count('successes_before').notNull(),
    ...bucketEnd(),
    startedAt: instant('started_at').notNull(),
    lastFailureAt: instant('last_failure_at').notNull(),
    endedAt: instant('ended_at'),
    failures: count('failures').notNull(),
    lastResponseCode: integer('last_response_code').notNull(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({
      name: 'webhook_failure_runs_pkey',
      columns: [t.organizationId, t.bucketStart, t.endpointId, t.successesBefore],
    }),
  ],
);
