import {
  bigint,
  customType,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';

const store = pgSchema('meraki_store');
const ingest = pgSchema('meraki_ingest');

/** A `timestamptz` as Postgres writes it: a `Date` would drop the microseconds. */
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });
const count = (name: string) => bigint(name, { mode: 'number' });
/** 64-bit hashes do not fit a double. */
const hash = (name: string) => bigint(name, { mode: 'bigint' });
/** Written and read as text; `multirange.ts` has the codec. */
const multirange = customType<{ data: string; driverData: string }>({ dataType: () => 'tstzmultirange' });
const textArray = (name: string) => text(name).array();

export const organizations = store.table('organizations', {
  organizationId: text('organization_id').primaryKey(),
  name: text('name').notNull(),
  url: text('url'),
  region: text('region'),
  state: text('state').$type<OrganizationState>().notNull().default('active'),
  firstSeenAt: instant('first_seen_at').notNull(),
  lastSeenAt: instant('last_seen_at').notNull(),
});

/**
 * - `active`: its streams are synced;
 * - `api_disabled`: Meraki lists it with API access turned off;
 * - `refused`: Meraki answers 403 or 404 for it;
 * - `vanished`: the key no longer sees it.
 */
export type OrganizationState = 'active' | 'api_disabled' | 'refused' | 'vanished';

export const networks = store.table(
  'networks',
  {
    organizationId: text('organization_id').notNull(),
    networkKey: hash('network_key').notNull(),
    networkId: text('network_id').notNull(),
    name: text('name'),
    productTypes: textArray('product_types'),
    tags: textArray('tags'),
    timeZone: text('time_zone'),
    firstSeenAt: instant('first_seen_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
  },
  (t) => [primaryKey({ name: 'networks_pkey', columns: [t.organizationId, t.networkKey] })],
);

export const webhookEndpoints = store.table(
  'webhook_endpoints',
  {
    organizationId: text('organization_id').notNull(),
    endpointId: hash('endpoint_id').notNull(),
    url: text('url').notNull(),
    urlMasked: text('url_masked').notNull(),
    urlHost: text('url_host'),
    firstSeenAt: instant('first_seen_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
  },
  (t) => [primaryKey({ name: 'webhook_endpoints_pkey', columns: [t.organizationId, t.endpointId] })],
);

export const alertTypes = store.table(
  'alert_types',
  {
    organizationId: text('organization_id').notNull(),
    alertTypeId: hash('alert_type_id').notNull(),
    name: text('name').notNull(),
    firstSeenAt: instant('first_seen_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
  },
  (t) => [primaryKey({ name: 'alert_types_pkey', columns: [t.organizationId, t.alertTypeId] })],
);

export const responseCodes = store.table('response_codes', {
  responseCode: integer('response_code').primaryKey(),
  reason: text('reason').notNull(),
  statusClass: text('status_class').notNull(),
});

export const webhookDeliveries = store.table(
  'webhook_deliveries',
  {
    organizationId: text('organization_id').notNull(),
    sentAt: instant('sent_at').notNull(),
    fingerprint: hash('fingerprint').notNull(),
    occurrence: integer('occurrence').notNull(),
    networkKey: hash('network_key').notNull(),
    alertTypeId: hash('alert_type_id').notNull(),
    endpointId: hash('endpoint_id').notNull(),
    loggedAt: instant('logged_at').notNull(),
    responseCode: integer('response_code').notNull(),
    responseDurationMs: integer('response_duration_ms').notNull(),
    loadedAt: instant('loaded_at').notNull(),
    extra: jsonb('extra'),
  },
  (t) => [
    primaryKey({
      name: 'webhook_deliveries_pkey',
      columns: [t.organizationId, t.sentAt, t.fingerprint, t.occurrence],
    }),
  ],
);

export const apiResponseCounts = store.table(
  'api_response_counts',
  {
    organizationId: text('organization_id').notNull(),
    series: text('series').notNull(),
    intervalSeconds: integer('interval_seconds').notNull(),
    bucketStart: instant('bucket_start').notNull(),
    responseCode: integer('response_code').notNull(),
    requestCount: count('request_count').notNull(),
    revision: integer('revision').notNull().default(0),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    primaryKey({
      name: 'api_response_counts_pkey',
      columns: [t.organizationId, t.series, t.intervalSeconds, t.bucketStart, t.responseCode],
    }),
  ],
);

export const apiResponseRevisions = store.table(
  'api_response_revisions',
  {
    organizationId: text('organization_id').notNull(),
    series: text('series').notNull(),
    intervalSeconds: integer('interval_seconds').notNull(),
    bucketStart: instant('bucket_start').notNull(),
    responseCode: integer('response_code').notNull(),
    revisedAt: instant('revised_at').notNull(),
    countBefore: count('count_before').notNull(),
    countAfter: count('count_after').notNull(),
  },
  (t) => [
    primaryKey({
      name: 'api_response_revisions_pkey',
      columns: [t.organizationId, t.series, t.intervalSeconds, t.bucketStart, t.responseCode, t.revisedAt],
    }),
  ],
);

export const settings = ingest.table('settings', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
});

export const streams = ingest.table(
  'streams',
  {
    organizationId: text('organization_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    wantedFrom: instant('wanted_from').notNull(),
    lookbackSeconds: count('lookback_seconds').notNull(),
    expectedLagSeconds: count('expected_lag_seconds').notNull(),
    limits: jsonb('limits').notNull().default({}),
    clockSkewMs: count('clock_skew_ms').notNull().default(0),
    lastSuccessAt: instant('last_success_at'),
    lastError: text('last_error'),
    lastErrorCode: text('last_error_code'),
    lastErrorAt: instant('last_error_at'),
    createdAt: instant('created_at').notNull(),
  },
  (t) => [primaryKey({ name: 'streams_pkey', columns: [t.organizationId, t.stream, t.series] })],
);

export const checkpoints = ingest.table(
  'checkpoints',
  {
    organizationId: text('organization_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    lane: text('lane').notNull(),
    version: count('version').notNull().default(0),
    openWindow: jsonb('open_window'),
    holder: text('holder'),
    heldUntil: instant('held_until'),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [primaryKey({ name: 'checkpoints_pkey', columns: [t.organizationId, t.stream, t.series, t.lane] })],
);

export const coverage = ingest.table(
  'coverage',
  {
    organizationId: text('organization_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    intervalSeconds: integer('interval_seconds').notNull(),
    final: multirange('final').notNull().default('{}'),
    provisional: multirange('provisional').notNull().default('{}'),
    counted: multirange('counted').notNull().default('{}'),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    primaryKey({
      name: 'coverage_pkey',
      columns: [t.organizationId, t.stream, t.series, t.intervalSeconds],
    }),
  ],
);

export const syncRuns = ingest.table(
  'sync_runs',
  {
    organizationId: text('organization_id').notNull(),
    runId: text('run_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    lane: text('lane').notNull(),
    startedAt: instant('started_at').notNull(),
    finishedAt: instant('finished_at'),
    pages: count('pages').notNull().default(0),
    requests: count('requests').notNull().default(0),
    rowsNew: count('rows_new').notNull().default(0),
    rowsKnown: count('rows_known').notNull().default(0),
    rowsQuarantined: count('rows_quarantined').notNull().default(0),
    waitedMs: count('waited_ms').notNull().default(0),
    outcome: text('outcome').notNull().default('running'),
    error: text('error'),
  },
  (t) => [primaryKey({ name: 'sync_runs_pkey', columns: [t.organizationId, t.runId] })],
);

export const quarantine = ingest.table(
  'quarantine',
  {
    organizationId: text('organization_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    digest: text('digest').notNull(),
    raw: text('raw').notNull(),
    reason: text('reason').notNull(),
    firstSeenAt: instant('first_seen_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
  },
  (t) => [primaryKey({ name: 'quarantine_pkey', columns: [t.organizationId, t.stream, t.series, t.digest] })],
);

export const requestBudgets = ingest.table('request_budgets', {
  key: text('key').primaryKey(),
  points: integer('points').notNull().default(0),
  expire: count('expire'),
});
