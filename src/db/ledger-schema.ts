import { date, doublePrecision, integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
import { count, instant, multirange } from './columns.ts';

const ingest = pgSchema('meraki_ingest');

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
    retiredAt: instant('retired_at'),
    unwanted: multirange('unwanted'),
    droppedBefore: instant('dropped_before'),
    failures: integer('failures'),
    retryAt: instant('retry_at'),
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

export const lostTime = ingest.table(
  'lost_time',
  {
    organizationId: text('organization_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    lostFrom: instant('lost_from').notNull(),
    lostTo: instant('lost_to').notNull(),
    lostAt: instant('lost_at').notNull(),
    noticedAt: instant('noticed_at').notNull(),
    reason: text('reason').notNull(),
    detail: text('detail').notNull(),
    recoveredAt: instant('recovered_at'),
  },
  (t) => [
    primaryKey({ name: 'lost_time_pkey', columns: [t.organizationId, t.stream, t.series, t.lostFrom] }),
  ],
);

export const organizationStates = ingest.table(
  'organization_states',
  {
    organizationId: text('organization_id').notNull(),
    since: instant('since').notNull(),
    state: text('state').notNull(),
  },
  (t) => [primaryKey({ name: 'organization_states_pkey', columns: [t.organizationId, t.since] })],
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
    copies: integer('copies'),
    sentAt: instant('sent_at'),
    askedFrom: instant('asked_from'),
    askedTo: instant('asked_to'),
  },
  (t) => [primaryKey({ name: 'quarantine_pkey', columns: [t.organizationId, t.stream, t.series, t.digest] })],
);

export const lateness = ingest.table(
  'lateness',
  {
    organizationId: text('organization_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    day: date('day').notNull(),
    bucket: integer('bucket').notNull(),
    rows: count('rows').notNull(),
    rowsFoundLate: count('rows_found_late').notNull(),
    rowsAfterFinal: count('rows_after_final').notNull(),
    maxSeconds: doublePrecision('max_seconds').notNull(),
    lateMaxSeconds: doublePrecision('late_max_seconds').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
  },
  (t) => [
    primaryKey({ name: 'lateness_pkey', columns: [t.organizationId, t.stream, t.series, t.day, t.bucket] }),
  ],
);

export const audits = ingest.table(
  'audits',
  {
    organizationId: text('organization_id').notNull(),
    auditId: text('audit_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    intervalSeconds: integer('interval_seconds').notNull(),
    auditedAt: instant('audited_at').notNull(),
    auditedFrom: instant('audited_from').notNull(),
    auditedTo: instant('audited_to').notNull(),
    rowsCompared: count('rows_compared').notNull(),
    rowsMissing: count('rows_missing').notNull(),
    rowsSurplus: count('rows_surplus').notNull(),
    figuresChanged: count('figures_changed').notNull(),
    repaired: count('repaired').notNull(),
    requests: count('requests').notNull(),
    outcome: text('outcome').notNull(),
    error: text('error'),
  },
  (t) => [primaryKey({ name: 'audits_pkey', columns: [t.organizationId, t.auditId] })],
);

export const verifiedTime = ingest.table(
  'verified_time',
  {
    organizationId: text('organization_id').notNull(),
    stream: text('stream').notNull(),
    series: text('series').notNull(),
    intervalSeconds: integer('interval_seconds').notNull(),
    verified: multirange('verified').notNull().default('{}'),
    updatedAt: instant('updated_at').notNull(),
  },
  (t) => [
    primaryKey({
      name: 'verified_time_pkey',
      columns: [t.organizationId, t.stream, t.series, t.intervalSeconds],
    }),
  ],
);

export const schemaDrift = ingest.table(
  'schema_drift',
  {
    organizationId: text('organization_id').notNull(),
    stream: text('stream').notNull(),
    field: text('field').notNull(),
    kind: text('kind').notNull(),
    sampleType: text('sample_type'),
    firstSeenAt: instant('first_seen_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
  },
  (t) => [primaryKey({ name: 'schema_drift_pkey', columns: [t.organizationId, t.stream, t.field, t.kind] })],
);

export const requestBudgets = ingest.table('request_budgets', {
  key: text('key').primaryKey(),
  state: text('state').notNull(),
});

export const networkLists = ingest.table('network_lists', {
  organizationId: text('organization_id').primaryKey(),
  askedAt: instant('asked_at').notNull(),
  listedAt: instant('listed_at'),
});

export const readerOrganizations = ingest.table(
  'reader_organizations',
  {
    roleName: text('role_name').notNull(),
    organizationId: text('organization_id').notNull(),
  },
  (t) => [primaryKey({ name: 'reader_organizations_pkey', columns: [t.roleName, t.organizationId] })],
);
