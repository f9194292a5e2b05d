/*
 * Every rollup is defined by a function of the database, `<table>_of(organization, [series,] since, until)`, which makes
 * its rows from the facts. Here is which there are, and the SQL that names their parts.
 */
import { type SQL, sql } from 'drizzle-orm';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import { formatInstant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import * as api from './api-rollup-schema.ts';
import type { PartitionedTable } from './partition-settings.ts';
import * as webhook from './webhook-rollup-schema.ts';

/** Hours are UTC's, days those of the organization's time zone. */
export type RollupGrain = 'hour' | 'day';

export interface Rollup {
  readonly table: string;
  readonly by: RollupGrain;
  /** Columns that tell rows of one bucket apart. */
  readonly keys: readonly string[];
  readonly figures: readonly string[];
  /** Whether it is added up from `webhook_days`, which is made before it: that is the same and has far fewer rows. */
  readonly fromDays: boolean;
}

export const ROLLUPS: Readonly<Record<StreamName, readonly Rollup[]>> = {
  webhook_logs: [
    rollupOf(webhook.webhookHours, 'hour'),
    rollupOf(webhook.webhookEndpointHours, 'hour'),
    rollupOf(webhook.webhookDays, 'day'),
    rollupOf(webhook.webhookEndpointDays, 'day'),
    rollupOf(webhook.webhookCodeDays, 'day'),
    { ...rollupOf(webhook.webhookAlertDays, 'day'), fromDays: true },
    { ...rollupOf(webhook.webhookNetworkDays, 'day'), fromDays: true },
    rollupOf(webhook.webhookFailureRuns, 'day'),
  ],
  api_responses: [
    rollupOf(api.apiResponseHours, 'hour'),
    rollupOf(api.apiResponseDays, 'day'),
    rollupOf(api.apiCodeDays, 'day'),
  ],
};

function rollupOf(table: PgTable, by: RollupGrain): Rollup {
  const { name, columns, primaryKeys } = getTableConfig(table);
  const key = primaryKeys.flatMap((primary) => primary.columns.map((column) => column.name));
  const known = ['organization_id', 'series', 'bucket_start'];
  return {
    table: name,
    by,
    keys: key.filter((column) => !known.includes(column)),
    figures: columns
      .map((column) => column.name)
      .filter((column) => ![...key, 'updated_at'].includes(column)),
    fromDays: false,
  };
}

/** The rollups of a stream that are partitioned by month. */
export const PARTITIONED_ROLLUPS: Readonly<Record<StreamName, readonly PartitionedTable[]>> = {
  webhook_logs: ['webhook_hours', 'webhook_endpoint_hours'],
  api_responses: ['api_response_hours'],
};

/** The rollups of a stream that are not. */
export function rollupsByDay(stream: StreamName): readonly string[] {
  return ROLLUPS[stream].filter(({ by }) => by === 'day').map(({ table: name }) => name);
}

/** The table of a rollup. */
export function tableOf({ table: name }: Rollup): SQL {
  return sql.raw(`meraki_store.${name}`);
}

/** The rows of a stretch of time, made from the facts. */
export function definitionOf(of: Rollup, key: StreamKey, { from, to }: Range): SQL {
  return sql`${sql.raw(`meraki_store.${of.table}_of`)}(${streamValues(key)},
    ${formatInstant(from)}::timestamptz, ${formatInstant(to)}::timestamptz)`;
}

/** Which rows of the table, named `t`, are of a stretch of time. */
export function isWithin(key: StreamKey, { from, to }: Range): SQL {
  const series = key.stream === 'api_responses' ? sql`and t.series = ${key.series}` : sql``;
  return sql`t.organization_id = ${key.organizationId} ${series}
    and t.bucket_start >= ${formatInstant(from)}::timestamptz and t.bucket_start < ${formatInstant(to)}::timestamptz`;
}

export function columnList(names: readonly string[], prefix = ''): SQL {
  return sql.raw(names.map((name) => prefix + name).join(', '));
}

export function streamColumns({ stream }: StreamKey): readonly string[] {
  return stream === 'api_responses' ? ['organization_id', 'series'] : ['organization_id'];
}

export function streamValues({ organizationId, stream, series }: StreamKey): SQL {
  return stream === 'api_responses' ? sql`${organizationId}, ${series}` : sql`${organizationId}`;
}
