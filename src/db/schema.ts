import { integer, jsonb, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
import { count, hash, instant, textArray } from './columns.ts';

const store = pgSchema('meraki_store');

export const organizations = store.table('organizations', {
  organizationId: text('organization_id').primaryKey(),
  name: text('name').notNull(),
  url: text('url'),
  region: text('region'),
  state: text('state').$type<OrganizationState>().notNull().default('active'),
  firstSeenAt: instant('first_seen_at').notNull(),
  lastSeenAt: instant('last_seen_at').notNull(),
  timeZone: text('time_zone').notNull().default('UTC'),
});

/**
 * - `active`: its streams are synced;
 * - `api_disabled`: Meraki lists it with API access turned off;
 * - `refused`: Meraki answers 403 or 404 for it;
 * - `vanished`: the key no longer sees it;
 * - `left_out`: the configuration no longer wants it.
 */
export type OrganizationState = 'active' | 'api_disabled' | 'refused' | 'vanished' | 'left_out';

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

export const organizationNames = store.table(
  'organization_names',
  {
    organizationId: text('organization_id').notNull(),
    since: instant('since').notNull(),
    name: text('name').notNull(),
  },
  (t) => [primaryKey({ name: 'organization_names_pkey', columns: [t.organizationId, t.since] })],
);

export const networkNames = store.table(
  'network_names',
  {
    organizationId: text('organization_id').notNull(),
    networkKey: hash('network_key').notNull(),
    since: instant('since').notNull(),
    name: text('name').notNull(),
  },
  (t) => [primaryKey({ name: 'network_names_pkey', columns: [t.organizationId, t.networkKey, t.since] })],
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
