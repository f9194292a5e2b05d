import { doublePrecision, integer, pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
import { bucketEnd, count, instant, updatedAt } from './columns.ts';

const store = pgSchema('meraki_store');

// Columns that several rollups have. Each call makes new ones, since a column belongs to its table.

const seriesBucket = () => ({
  organizationId: text('organization_id').notNull(),
  series: text('series').notNull(),
  bucketStart: instant('bucket_start').notNull(),
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

export const apiResponseHours = store.table(
  'api_response_hours',
  {
    ...seriesBucket(),
    ...requestFigures(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({ name: 'api_response_hours_pkey', columns: [t.organizationId, t.series, t.bucketStart] }),
  ],
);

export const apiResponseDays = store.table(
  'api_response_days',
  {
    ...seriesBucket(),
    ...bucketEnd(),
    ...requestFigures(),
    ...updatedAt(),
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
    ...bucketEnd(),
    requests: count('requests').notNull(),
    ...updatedAt(),
  },
  (t) => [
    primaryKey({
      name: 'api_code_days_pkey',
      columns: [t.organizationId, t.series, t.bucketStart, t.responseCode],
    }),
  ],
);
