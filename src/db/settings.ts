import { eq, sql } from 'drizzle-orm';
import { type Queryable, translated } from './database.ts';
import { settings } from './ledger-schema.ts';

/**
 * - `webhook_urls`: `masked` or `full`, read by the report views;
 * - `api_objective`: the share of API requests that are to be answered well, read by the report views;
 * - `own_series`: names of the series of this program's own requests, a JSON array, read by the report views;
 * - `days_to_remake`: time zones whose days have changed and are being made anew, a JSON array;
 * - `series_filters`: by which filters each series was counted, a JSON array of names and filters;
 * - `source`: the dashboard this archive was filled from, so that two are never mixed.
 */
export type SettingName =
  | 'webhook_urls'
  | 'api_objective'
  | 'own_series'
  | 'days_to_remake'
  | 'series_filters'
  | 'source';

export async function readSetting(query: Queryable, name: SettingName): Promise<string | undefined> {
  const found = await translated(
    query.select({ value: settings.value }).from(settings).where(eq(settings.name, name)),
  );
  return found[0]?.value;
}

export async function writeSetting(query: Queryable, name: SettingName, value: string): Promise<void> {
  await translated(
    query
      .insert(settings)
      .values({ name, value })
      .onConflictDoUpdate({
        target: settings.name,
        set: { value: sql`excluded.value` },
        setWhere: sql`${settings.value} is distinct from excluded.value`,
      }),
  );
}
