import { date, doublePrecision, integer, pgSchema, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { count, hash, instant, multirange } from './columns.ts';

const store = pgSchema('meraki_store');

export const calendarHours = store.table(
  'calendar_hours',
  {
    hourStart: instant('hour_start').notNull(),
  },
  (t) => [primaryKey({ name: 'calendar_hours_pkey', columns: [t.hourStart] })],
);

export const calendarDays = store.table(
  'calendar_days',
  {
    timeZone: text('time_zone').notNull(),
    date: date('date').notNull(),
    dayStart: instant('day_start').notNull(),
    dayEnd: instant('day_end').notNull(),
  },
  (t) => [primaryKey({ name: 'calendar_days_pkey', columns: [t.timeZone, t.date] })],
);

export const latencyBuckets = store.table(
  'latency_buckets',
  {
    bucket: smallint('bucket').notNull(),
    fromMs: count('from_ms').notNull(),
    toMs: count('to_ms').notNull(),
    valueMs: doublePrecision('value_ms').notNull(),
  },
  (t) => [primaryKey({ name: 'latency_buckets_pkey', columns: [t.bucket] })],
);

export const rollupStale = store.table(
  'rollup_stale',
  {
    organizationId: text('organization_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    stale: multirange('stale').notNull().default('{}'),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [primaryKey({ name: 'rollup_stale_pkey', columns: [t.organizationId, t.stream, t.series] })],
);

// Columns that several rollups have. Each call makes new ones, since a column belongs to its table.

const bucket = () => ({
  organizationId: text('organization_id').notNull(),
  bucketStart: instant('bucket_start').notNull(),
});
const seriesBucket = () => ({
  organizationId: text('organization_id').notNull(),
  series: text('series').notNull(),
  bucketStart: instant('bucket_start').notNull(),
});
const day = () => ({ bucketEnd: instant('bucket_end').notNull() });
const version = () => ({ updatedAt: instant('updated_at').notNull() });
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
const requestFigures = () => ({
  requests: count('requests').notNull(),
  successes2xx: count('successes_2xx').notNull(),
  redirects3xx: count('redirects_3xx').notNull(),
  clientErrors4xx: count('client_errors_4xx').notNull(),
  rateLimited429: count('rate_limited_429').notNull(),
  serverErrors5xx: count('server_errors_5xx').notNull(),
  peakPerSecond: doublePrecision('peak_per_second').notNull(),
});

export const webhookHours = store.table(
  'webhook_hours',
  {
    ...bucket(),
    ...groupKeys(),
    ...groupFigures(),
    ...version(),
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
    ...version(),
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
    ...day(),
    ...groupFigures(),
    ...version(),
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
    ...day(),
    ...endpointFigures(),
    ...version(),
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
    ...day(),
    deliveries: count('deliveries').notNull(),
    ...version(),
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
    ...day(),
    ...mixFigures(),
    ...version(),
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
    ...day(),
    ...mixFigures(),
    ...version(),
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
    ...day(),
    startedAt: instant('started_at').notNull(),
    lastFailureAt: instant('last_failure_at').notNull(),
    endedAt: instant('ended_at'),
    failures: count('failures').notNull(),
    lastResponseCode: integer('last_response_code').notNull(),
    ...version(),
  },
  (t) => [
    primaryKey({
      name: 'webhook_failure_runs_pkey',
      columns: [t.organizationId, t.bucketStart, t.endpointId, t.successesBefore],
    }),
  ],
);

export const apiResponseHours = store.table(
  'api_response_hours',
  {
    ...seriesBucket(),
    ...requestFigures(),
    ...version(),
  },
  (t) => [
    primaryKey({ name: 'api_response_hours_pkey', columns: [t.organizationId, t.series, t.bucketStart] }),
  ],
);

export const apiResponseDays = store.table(
  'api_response_days',
  {
    ...seriesBucket(),
    ...day(),
    ...requestFigures(),
    ...version(),
  },
  (t) => [
    primaryKey({ name: 'api_response_days_pkey', columns: [t.organizationId, t.series, t.bucketStart] }),
  ],
);

export const apiCodeDays = store.table(
  'api_code_days',
  {
    ...seriesBucket(),
    responseCode: integer('response_code').notNull(),
    ...day(),
    requests: count('requests').notNull(),
    ...version(),
  },
  (t) => [
    primaryKey({
      name: 'api_code_days_pkey',
      columns: [t.organizationId, t.series, t.bucketStart, t.responseCode],
    }),
  ],
);
