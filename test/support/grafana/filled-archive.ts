import pg from 'pg';
import type { ArchiveOptions } from '../../../bench/reports/archive/archive-options.ts';
import { fillArchive } from '../../../bench/reports/fill-archive.ts';
import { rollUpArchive } from '../../../bench/reports/roll-up-archive.ts';
import { extendCalendars } from '../../../src/db/calendar.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../test-database.ts';

export interface OpenArchive {
  readonly owned: TestDatabase;
  /** Logged in as meraki_reader. */
  readonly reader: pg.Client;
  /** Where its history ends. */
  readonly now: Date;
}

const SETTINGS = `
  insert into meraki_ingest.settings (name, value) values ('own_series', '["archiver"]'), ('api_objective', '0.99')
  on conflict (name) do update set value = excluded.value`;

/** A third of the requests of two organizations, and most of those that were refused, as a series of their own. */
const SECOND_SERIES = [
  ['meraki_ingest.streams', "'{}'::jsonb"],
  ['meraki_ingest.coverage', "'{}'::jsonb"],
  [
    'meraki_store.api_response_counts',
    `jsonb_build_object('request_count',
      round(t.request_count * case when t.response_code = 429 then 0.7 else 0.3 end))`,
  ],
].map(
  ([table, changes]) => `
  insert into ${table}
  select (jsonb_populate_record(t, jsonb_build_object('series', 'provisioning') || ${changes})).*
  from ${table} t
  join meraki_store.organizations o using (organization_id)
  where t.series = 'all' and o.name in ('Cedar Schools', 'Birch Clinics')
    and coalesce(to_jsonb(t) ->> 'stream', 'api_responses') = 'api_responses'`,
);

const ALL_STALE = `
  insert into meraki_store.rollup_stale (organization_id, stream, series, stale, updated_at)
  select organization_id, stream, series,
    tstzmultirange(tstzrange(date_trunc('hour', wanted_from), date_trunc('hour', now()) + interval '1 hour')), now()
  from meraki_ingest.streams where series = 'provisioning'`;

/** Time of the last days that was not read yet, besides the older gaps of the made-up history. */
const GAPS = [
  ['Alder Foods', 'webhook_logs', 'webhook_deliveries', 'sent_at', '62 hours', '51 hours'],
  ['Cedar Schools', 'api_responses', 'api_response_counts', 'bucket_start', '104 hours', '95 hours'],
].map(
  ([name, stream, table, column, since, until]) => `
  with gap as (
    select organization_id, date_trunc('hour', now()) - interval '${since}' as since,
      date_trunc('hour', now()) - interval '${until}' + interval '26 minutes' as until
    from meraki_store.organizations where name = '${name}'
  ), rows as (
    delete from meraki_store.${table} f using gap g
    where f.organization_id = g.organization_id and f.${column} >= g.since and f.${column} < g.until
  )
  update meraki_ingest.coverage c
  set final = final - tstzmultirange(tstzrange(since, until)),
    counted = counted - tstzmultirange(tstzrange(since, until))
  from gap g where c.organization_id = g.organization_id and c.stream = '${stream}'`,
);

/**
 * An archive of six weeks of four organizations, with gaps, rolled up.
 *
 * @param timeZones of organizations by name; UTC for others
 */
export async function openFilledArchive(
  options: Partial<ArchiveOptions> = {},
  timeZones: Readonly<Record<string, string>> = {},
): Promise<OpenArchive> {
  // Migrated, not cloned: the reader's settings in a database do not come with a copy.
  const owned = await createTestDatabase({ migrated: false });
  await migrate(owned.database);
  const { archive, customers } = await fillArchive(owned.url, {
    seed: 4,
    days: 45,
    organizations: 4,
    deliveries: 60_000,
    counts: 200_000,
    ...options,
  });
  for (const [name, timeZone] of Object.entries(timeZones)) {
    await owned.database.pool.query('update meraki_store.organizations set time_zone = $2 where name = $1', [
      name,
      timeZone,
    ]);
  }
  await extendCalendars(owned.database, archive.now);
  await owned.database.pool.query(SETTINGS);
  for (const statement of [...SECOND_SERIES, ALL_STALE]) await owned.database.pool.query(statement);
  for (const gap of GAPS) await owned.database.pool.query(gap);
  await rollUpArchive(owned.url, archive, customers);
  const reader = new pg.Client({ connectionString: owned.readerUrl ?? owned.url });
  await reader.connect();
  if (owned.readerUrl === undefined) await reader.query('set session authorization meraki_reader');
  return { owned, reader, now: new Date(archive.now / 1000) };
}
