-- Facts, dimensions and the ingest ledger. Report views are in 0002_report.sql.

create schema meraki;
create schema meraki_store;
create schema if not exists meraki_ingest;

comment on schema meraki is 'Report views: what readers may rely on.';
comment on schema meraki_store is 'Facts and dimensions behind the views. May change between versions.';
comment on schema meraki_ingest is 'Checkpoints, coverage, runs and quarantine of the ingestion. May change between versions.';

-- Dimensions. Ids are hashes of the text, computed by the client, so that a page needs no read-back.

create table meraki_store.organizations (
  organization_id text not null,
  name text not null,
  url text,
  region text,
  state text not null default 'active',
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  constraint organizations_pkey primary key (organization_id),
  constraint organizations_state_check check (state in ('active', 'api_disabled', 'refused', 'vanished'))
);

create table meraki_store.networks (
  organization_id text not null,
  network_key bigint not null,
  network_id text not null,
  name text,
  product_types text[],
  tags text[],
  time_zone text,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  constraint networks_pkey primary key (organization_id, network_key)
);

create table meraki_store.webhook_endpoints (
  organization_id text not null,
  endpoint_id bigint not null,
  url text not null,
  url_masked text not null,
  url_host text,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  constraint webhook_endpoints_pkey primary key (organization_id, endpoint_id)
);

create table meraki_store.alert_types (
  organization_id text not null,
  alert_type_id bigint not null,
  name text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  constraint alert_types_pkey primary key (organization_id, alert_type_id)
);

create table meraki_store.response_codes (
  response_code integer not null,
  reason text not null,
  status_class text not null,
  constraint response_codes_pkey primary key (response_code)
);

insert into meraki_store.response_codes (response_code, reason, status_class) values
  (200, 'OK', '2xx'), (201, 'Created', '2xx'), (202, 'Accepted', '2xx'), (204, 'No Content', '2xx'),
  (206, 'Partial Content', '2xx'), (301, 'Moved Permanently', '3xx'), (302, 'Found', '3xx'),
  (303, 'See Other', '3xx'), (304, 'Not Modified', '3xx'), (307, 'Temporary Redirect', '3xx'),
  (308, 'Permanent Redirect', '3xx'), (400, 'Bad Request', '4xx'), (401, 'Unauthorized', '4xx'),
  (402, 'Payment Required', '4xx'), (403, 'Forbidden', '4xx'), (404, 'Not Found', '4xx'),
  (405, 'Method Not Allowed', '4xx'), (406, 'Not Acceptable', '4xx'), (408, 'Request Timeout', '4xx'),
  (409, 'Conflict', '4xx'), (410, 'Gone', '4xx'), (411, 'Length Required', '4xx'),
  (413, 'Content Too Large', '4xx'), (414, 'URI Too Long', '4xx'), (415, 'Unsupported Media Type', '4xx'),
  (422, 'Unprocessable Content', '4xx'), (423, 'Locked', '4xx'), (428, 'Precondition Required', '4xx'),
  (429, 'Too Many Requests', '429'), (431, 'Request Header Fields Too Large', '4xx'),
  (451, 'Unavailable For Legal Reasons', '4xx'), (500, 'Internal Server Error', '5xx'),
  (501, 'Not Implemented', '5xx'), (502, 'Bad Gateway', '5xx'), (503, 'Service Unavailable', '5xx'),
  (504, 'Gateway Timeout', '5xx'), (507, 'Insufficient Storage', '5xx'), (511, 'Network Authentication Required', '5xx');

-- Facts. Partitions by month are made by the program, ahead of the rows. No foreign keys: they cost a quarter
-- of the write speed and the client computes the keys it refers to.

create table meraki_store.webhook_deliveries (
  organization_id text not null,
  sent_at timestamptz not null,
  fingerprint bigint not null,
  occurrence integer not null,
  network_key bigint not null,
  alert_type_id bigint not null,
  endpoint_id bigint not null,
  logged_at timestamptz not null,
  response_code integer not null,
  response_duration_ms integer not null,
  loaded_at timestamptz not null,
  extra jsonb,
  constraint webhook_deliveries_pkey primary key (organization_id, sent_at, fingerprint, occurrence)
) partition by range (sent_at);

create table meraki_store.api_response_counts (
  organization_id text not null,
  series text not null,
  interval_seconds integer not null,
  bucket_start timestamptz not null,
  response_code integer not null,
  request_count bigint not null,
  revision integer not null default 0,
  updated_at timestamptz not null,
  constraint api_response_counts_pkey
    primary key (organization_id, series, interval_seconds, bucket_start, response_code)
) partition by range (bucket_start);

create table meraki_store.api_response_revisions (
  organization_id text not null,
  series text not null,
  interval_seconds integer not null,
  bucket_start timestamptz not null,
  response_code integer not null,
  revised_at timestamptz not null,
  count_before bigint not null,
  count_after bigint not null,
  constraint api_response_revisions_pkey
    primary key (organization_id, series, interval_seconds, bucket_start, response_code, revised_at)
);

-- The ledger.

create table meraki_ingest.settings (
  name text not null,
  value text not null,
  constraint settings_pkey primary key (name)
);

create table meraki_ingest.streams (
  organization_id text not null,
  stream text not null,
  series text not null,
  wanted_from timestamptz not null,
  lookback_seconds bigint not null,
  expected_lag_seconds bigint not null,
  limits jsonb not null default '{}',
  clock_skew_ms bigint not null default 0,
  last_success_at timestamptz,
  last_error text,
  last_error_code text,
  last_error_at timestamptz,
  created_at timestamptz not null,
  constraint streams_pkey primary key (organization_id, stream, series),
  constraint streams_stream_check check (stream in ('webhook_logs', 'api_responses'))
);

create table meraki_ingest.checkpoints (
  organization_id text not null,
  stream text not null,
  series text not null,
  lane text not null,
  version bigint not null default 0,
  open_window jsonb,
  holder text,
  held_until timestamptz,
  updated_at timestamptz not null,
  constraint checkpoints_pkey primary key (organization_id, stream, series, lane),
  constraint checkpoints_lane_check check (lane in ('live', 'backfill'))
);

create table meraki_ingest.coverage (
  organization_id text not null,
  stream text not null,
  series text not null,
  interval_seconds integer not null,
  final tstzmultirange not null default '{}',
  provisional tstzmultirange not null default '{}',
  counted tstzmultirange not null default '{}',
  updated_at timestamptz not null,
  constraint coverage_pkey primary key (organization_id, stream, series, interval_seconds)
);

comment on column meraki_ingest.coverage.interval_seconds is 'Width of the buckets; 0 for rows without buckets.';
comment on column meraki_ingest.coverage.counted is
  'Time in which buckets of this width count in report views, so that no request counts at two widths.';

create table meraki_ingest.sync_runs (
  organization_id text not null,
  run_id text not null,
  stream text not null,
  series text not null,
  lane text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  pages bigint not null default 0,
  requests bigint not null default 0,
  rows_new bigint not null default 0,
  rows_known bigint not null default 0,
  rows_quarantined bigint not null default 0,
  waited_ms bigint not null default 0,
  outcome text not null default 'running',
  error text,
  constraint sync_runs_pkey primary key (organization_id, run_id)
);

create index sync_runs_started_at_idx on meraki_ingest.sync_runs (organization_id, stream, started_at);

create table meraki_ingest.quarantine (
  organization_id text not null,
  stream text not null,
  series text not null,
  digest text not null,
  raw text not null,
  reason text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  constraint quarantine_pkey primary key (organization_id, stream, series, digest)
);

-- Shared request budgets of all workers when the queue lives in Postgres. Losing them after a crash costs
-- nothing, so they stay out of the WAL.
create unlogged table meraki_ingest.request_budgets (
  key text not null,
  points integer not null default 0,
  expire bigint,
  constraint request_budgets_pkey primary key (key)
);
