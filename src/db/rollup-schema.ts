import { date, doublePrecision, pgSchema, primaryKey, smallint, text } from 'drizzle-orm/pg-core';
import { count, instant, multirange } from './columns.ts';

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
