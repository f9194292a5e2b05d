/*
 * The views as dbt sources. Descriptions are the database's comments; what follows is what the database does not say:
 * which columns tell rows apart, and which one tells how fresh a view is.
 */
import { stringify } from 'yaml';
import type { DescribedView } from '../dictionary/described-views.ts';

const STREAM = ['organization_id', 'stream', 'series'];
const RECEIVER = ['organization_id', 'endpoint_id', 'bucket_start'];
const ORGANIZATION = ['organization_id', 'bucket_start'];
const SERIES = ['organization_id', 'series', 'bucket_start'];
const GROUP = [...RECEIVER, 'network_id', 'alert_type', 'status_class'];

/** Columns that tell the rows of a view apart; null where there are none. */
export const GRAINS: Readonly<Record<string, readonly string[] | null>> = {
  alert_types: ['alert_type_key'],
  api_budget_daily: ORGANIZATION,
  api_budget_hourly: ORGANIZATION,
  api_busiest_hours: ['organization_id', 'series', 'month_start', 'rank'],
  api_codes_daily: [...SERIES, 'response_code'],
  api_error_budget_daily: SERIES,
  api_error_budget_hourly: SERIES,
  api_heat_map: ['organization_id', 'series', 'month_start', 'iso_weekday', 'hour_of_day'],
  api_own_share_daily: SERIES,
  api_responses: [...SERIES, 'response_code'],
  api_responses_daily: SERIES,
  api_responses_hourly: SERIES,
  api_series_daily: SERIES,
  api_week_over_week: SERIES,
  audits: ['organization_id', 'audit_id'],
  coverage: [...STREAM, 'interval_seconds', 'covered_from', 'state'],
  dates: ['id'],
  freshness: STREAM,
  gaps: [...STREAM, 'gap_from'],
  hours: ['id'],
  lateness: [...STREAM, 'period'],
  lost_time: [...STREAM, 'lost_from'],
  network_names: ['organization_id', 'network_id', 'valid_from'],
  networks: ['network_key'],
  organization_names: ['organization_id', 'valid_from'],
  organization_states: ['organization_id', 'since'],
  organizations: ['id'],
  quarantine: [...STREAM, 'id'],
  response_codes: ['id'],
  schema_drift: ['organization_id', 'stream', 'field', 'kind'],
  sync_runs: ['organization_id', 'run_id'],
  verified: STREAM,
  webhook_alert_mix_daily: [...ORGANIZATION, 'alert_type'],
  // Wholly identical deliveries differ in occurrence, and others that share these may differ in code or duration.
  webhook_deliveries: null,
  webhook_deliveries_daily: GROUP,
  webhook_deliveries_hourly: GROUP,
  webhook_endpoint_health: ['organization_id', 'endpoint_id'],
  webhook_endpoints: ['endpoint_key'],
  webhook_failure_reasons_daily: [...RECEIVER, 'response_code'],
  webhook_heat_map: ['organization_id', 'month_start', 'iso_weekday', 'hour_of_day'],
  webhook_incidents: ['organization_id', 'endpoint_id', 'started_at'],
  webhook_latency_histogram: [...RECEIVER, 'from_ms'],
  webhook_network_mix_daily: [...ORGANIZATION, 'network_id'],
  webhook_receiver_alerts: ['organization_id', 'endpoint_id', 'kind'],
  webhook_receivers_daily: RECEIVER,
  webhook_receivers_hourly: RECEIVER,
  webhook_receivers_monthly: RECEIVER,
  webhook_totals_daily: ORGANIZATION,
  webhook_totals_hourly: ORGANIZATION,
  webhook_week_over_week: ORGANIZATION,
};

/** Columns of a grain that can be null: no answer has no code, deliveries have no buckets. */
const CAN_BE_NULL = new Set(['webhook_failure_reasons_daily.response_code', 'coverage.interval_seconds']);

interface Freshness {
  readonly field: string;
  readonly warnHours: number;
  readonly errorHours: number;
  /** Keeps the question from reading all of the view. */
  readonly filter: string;
}

/** Streams tell best: they succeed where nothing new has come, too. */
export const FRESHNESS: Readonly<Record<string, Freshness>> = {
  freshness: { field: 'last_success_at', warnHours: 1, errorHours: 6, filter: 'retired_at is null' },
  sync_runs: recent('started_at', 'started_at', 1, 6),
  webhook_deliveries: recent('loaded_at', 'sent_at', 24, 72),
  webhook_receivers_hourly: recent('updated_at', 'bucket_start', 24, 72),
  api_responses: recent('updated_at', 'bucket_start', 3, 24),
  api_responses_hourly: recent('updated_at', 'bucket_start', 3, 24),
};

function recent(field: string, time: string, warnHours: number, errorHours: number): Freshness {
  return { field, warnHours, errorHours, filter: `${time} >= now() - interval '7 days'` };
}

const HEADER = `# Written by \`npm run docs:update\` from the comments in the database; do not edit it. See docs/dbt.md.\n`;

/** The text of kits/dbt/models/sources.yml. */
export function dbtSources(views: readonly DescribedView[]): string {
  const source = {
    name: 'meraki',
    schema: 'meraki',
    loader: 'meraki-historian',
    description: 'Meraki webhook delivery logs and API request counts, kept for years.',
    tables: views.map(tableOf),
  };
  return HEADER + stringify({ version: 2, sources: [source] }, { lineWidth: 0 });
}

function tableOf(view: DescribedView) {
  const grain = GRAINS[view.name] ?? [];
  const fresh = FRESHNESS[view.name];
  const combination = grain.length > 1 ? [{ unique_combination: { arguments: { columns: grain } } }] : [];
  return {
    name: view.name,
    description: view.comment,
    ...(fresh === undefined ? {} : { config: configOf(fresh) }),
    ...(combination.length > 0 ? { data_tests: combination } : {}),
    columns: view.columns.map(({ name, type, comment }) => {
      const tests = grain.includes(name) && !CAN_BE_NULL.has(`${view.name}.${name}`) ? ['not_null'] : [];
      if (grain.length === 1 && grain[0] === name) tests.push('unique');
      return {
        name,
        description: comment,
        data_type: type,
        ...(tests.length > 0 ? { data_tests: tests } : {}),
      };
    }),
  };
}

function configOf({ field, warnHours, errorHours, filter }: Freshness) {
  return {
    loaded_at_field: field,
    freshness: {
      warn_after: { count: warnHours, period: 'hour' },
      error_after: { count: errorHours, period: 'hour' },
      filter,
    },
  };
}
