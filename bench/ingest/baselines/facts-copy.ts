import { bigint, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });

/** A table like the facts, with their indexes and without partitions. */
export const factsCopy = pgTable('facts_copy', {
  organizationId: text('organization_id').notNull(),
  sentAt: instant('sent_at').notNull(),
  fingerprint: bigint('fingerprint', { mode: 'bigint' }).notNull(),
  occurrence: integer('occurrence').notNull(),
  networkKey: bigint('network_key', { mode: 'bigint' }).notNull(),
  alertTypeId: bigint('alert_type_id', { mode: 'bigint' }).notNull(),
  endpointId: bigint('endpoint_id', { mode: 'bigint' }).notNull(),
  loggedAt: instant('logged_at').notNull(),
  responseCode: integer('response_code').notNull(),
  responseDurationMs: integer('response_duration_ms').notNull(),
  loadedAt: instant('loaded_at').notNull(),
  extra: jsonb('extra'),
});

export type Fact = typeof factsCopy.$inferInsert;

export const MAKE_FACTS_COPY = `
  drop table if exists facts_copy;
  create table facts_copy (like meraki_store.webhook_deliveries including indexes)`;
