import type { VariableModel } from '@grafana/schema';
import { DATA_SOURCE } from './panel.ts';
import type { Plain } from './plain.ts';
import { OF_ORGANIZATIONS, RECEIVER_NAMES } from './selection.ts';
import { sql } from './sql.ts';

type Variable = Plain<VariableModel>;

const ALL = { text: ['All'], value: ['$__all'] };

function queried(name: string, label: string, description: string, query: string): Variable {
  return {
    type: 'query',
    name,
    label,
    description,
    datasource: DATA_SOURCE,
    query,
    // Once when the dashboard is opened.
    refresh: 1,
    sort: 0,
    regex: '',
    hide: 0,
    skipUrlSync: false,
    options: [],
    allowCustomValue: false,
  };
}

export const DATA_SOURCE_VARIABLE: Variable = {
  type: 'datasource',
  name: 'datasource',
  label: 'Data source',
  description: 'A PostgreSQL data source that logs in as meraki_reader.',
  query: DATA_SOURCE.type,
  current: { text: 'meraki-historian', value: 'meraki-historian' },
  refresh: 1,
  regex: '',
  hide: 0,
  includeAll: false,
  multi: false,
  options: [],
  skipUrlSync: false,
};

export const ORGANIZATION_VARIABLE: Variable = {
  ...queried(
    'organization',
    'Organization',
    'Organizations that the archive knows.',
    sql`
select name || case when count(*) over (partition by name) > 1 then ' (' || id || ')' else '' end as __text, id as __value
from meraki.organizations
order by 1`,
  ),
  multi: true,
  includeAll: true,
  current: ALL,
};

export const RECEIVER_VARIABLE: Variable = {
  ...queried(
    'receiver',
    'Receiver',
    'Webhook receivers of these organizations, by host.',
    sql`
select receiver as __text, endpoint_id as __value
from (
  ${RECEIVER_NAMES}
) receivers
order by 1`,
  ),
  multi: true,
  includeAll: true,
  current: ALL,
};

export const SERIES_VARIABLE: Variable = {
  ...queried(
    'series',
    'Series',
    'Which requests are counted. all: those of every application; others are defined in SERIES_FILE.',
    sql`
select distinct series as __text, series as __value
from meraki.freshness
where stream = 'api_responses'
  and ${OF_ORGANIZATIONS}
order by 1`,
  ),
  multi: false,
  includeAll: false,
  current: { text: 'all', value: 'all' },
};

export const INTERVAL_VARIABLE: Variable = {
  type: 'custom',
  name: 'interval',
  label: 'Buckets',
  description:
    'Width of the buckets in time series: UTC hours, or days in the time zone of each organization.',
  query: 'Hours : hourly, Days : daily',
  current: { text: 'Hours', value: 'hourly' },
  options: [
    { selected: true, text: 'Hours', value: 'hourly' },
    { selected: false, text: 'Days', value: 'daily' },
  ],
  multi: false,
  includeAll: false,
  allowCustomValue: false,
  hide: 0,
  skipUrlSync: false,
};
