import { pgSchema, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

const ingest = pgSchema('meraki_ingest');

export const chores = ingest.table(
  'chores',
  { name: text('name').notNull(), begunAt: instant('begun_at').notNull() },
  (t) => [primaryKey({ name: 'chores_pkey', columns: [t.name] })],
);

export const workers = ingest.table(
  'workers',
  {
    workerId: text('worker_id').notNull(),
    startedAt: instant('started_at').notNull(),
    seenAt: instant('seen_at').notNull(),
  },
  (t) => [primaryKey({ name: 'workers_pkey', columns: [t.workerId] })],
);
