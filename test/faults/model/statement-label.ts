/** The statements that `commitPages` sends, as {@link labelOf} calls them. */
export const COMMIT_STATEMENTS = [
  'begin',
  'update meraki_ingest.checkpoints',
  'insert into meraki_ingest.coverage',
  'select for update meraki_ingest.coverage',
  'insert into meraki_store.networks',
  'insert into meraki_store.alert_types',
  'insert into meraki_store.webhook_endpoints',
  'insert into meraki_store.webhook_deliveries',
  'insert into meraki_store.api_response_revisions',
  'update meraki_store.api_response_counts',
  'insert into meraki_store.api_response_counts',
  'insert into meraki_store.rollup_stale',
  'select meraki_ingest.coverage',
  'insert into meraki_ingest.lateness',
  'insert into meraki_ingest.quarantine',
  'select meraki_ingest.quarantine',
  'insert into meraki_ingest.schema_drift',
  'update meraki_ingest.coverage',
  'insert into meraki_ingest.sync_runs',
  'commit',
] as const;

/** The look at what is stored of a stretch of time, and the way into one of which nothing is. */
export const DIGEST = 'select meraki_store.webhook_deliveries';
export const COPY = 'copy meraki_store.webhook_deliveries';
/** What only commits of hundreds of deliveries send. */
export const LARGE_COMMIT_STATEMENTS = [DIGEST, COPY] as const;

/** A statement by its verb and its table: short enough for a table, and the same whatever its parameters are. */
export function labelOf(text: string): string {
  const flat = text.replaceAll('"', '').replace(/\s+/g, ' ').trim().toLowerCase();
  const written = flat.startsWith('with ') ? /\b(insert into|update|delete from) meraki_/.exec(flat) : null;
  if (written !== null && written.index > 0) return labelOf(flat.slice(written.index));
  const verb = /^(insert into|update|delete from|create table|select|begin|commit|rollback)/.exec(flat)?.[0];
  if (verb === undefined) return flat.slice(0, 40);
  const table = /\b(meraki_ingest|meraki_store)\.[a-z_]+/.exec(flat)?.[0].replace(/_$/, '');
  if (table === undefined) {
    return /^select (set_config|pg_advisory_xact_lock|relkind)/.exec(flat)?.[0] ?? verb;
  }
  return `${verb}${flat.endsWith('for update') ? ' for update' : ''} ${table}`;
}
