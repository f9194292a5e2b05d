/*
 * The views of missing and lost time go by the clock of Postgres, which is none of a model's. So a model's database has
 * copies of them that differ in their clock alone: they are made of the views' own text, whatever it has become.
 */
import type pg from 'pg';

const CLOCK = `
  create schema model;
  create function model.now() returns timestamptz language sql stable
    as $$ select current_setting('model.now')::timestamptz $$`;

/** What the view of gaps reads, each after those that it reads itself. */
const READ_BY_GAPS = ['missing_time', 'recorded_loss'] as const;
/** Who may see which organization is not a model's matter, nor is a list of organizations ever asked for in one. */
const READERS = 'meraki_store.visible_organizations(reader) v(organization_id, time_zone)';
const EVERYBODY = '(select distinct organization_id from meraki_ingest.streams) v';

/** Makes the view `model.gaps`, which is `meraki.gaps` at the time that `model.now` is set to. */
export async function copyGapsView(owner: pg.Client): Promise<void> {
  await owner.query(CLOCK);
  for (const name of READ_BY_GAPS) {
    await copy(owner, name, `select pg_get_viewdef('meraki_ingest.${name}'::regclass) as text`);
  }
  await copy(
    owner,
    'gaps',
    `select prosrc as text from pg_proc where oid = 'meraki_store.gaps_seen_by'::regproc`,
  );
}

async function copy(owner: pg.Client, name: string, definition: string): Promise<void> {
  const found = await owner.query<{ text: string }>(definition);
  const copied = READ_BY_GAPS.reduce(
    (text, read) => text.replaceAll(`meraki_ingest.${read}`, `model.${read}`),
    (found.rows[0]?.text ?? '').replaceAll('now()', 'model.now()').replaceAll(READERS, EVERYBODY),
  );
  await owner.query(`create view model.${name} as ${copied}`);
}
