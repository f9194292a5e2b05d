-- What every view and column means, and who may read them.

-- Dimensions.

comment on view meraki.organizations is 'One row per organization that the key has seen.';
comment on column meraki.organizations.id is 'Meraki''s id of the organization; organization_id in the other views.';
comment on column meraki.organizations.name is 'Name in the dashboard when the organization was last listed.';
comment on column meraki.organizations.region is 'Cloud region that hosts the organization; null when Meraki did not say.';
comment on column meraki.organizations.state is
  'active: is synced; api_disabled: listed with API access turned off; refused: Meraki answers 403 or 404 for it; vanished: the key no longer sees it.';
comment on column meraki.organizations.first_seen_at is 'When the organization was first listed.';
comment on column meraki.organizations.last_seen_at is 'When the organization was last listed.';
comment on column meraki.organizations.url is 'Address of the organization in the dashboard; null when Meraki did not say.';

comment on view meraki.networks is 'One row per network of an organization, listed by Meraki or named in a webhook delivery.';
comment on column meraki.networks.organization_id is 'Organization the network belongs to.';
comment on column meraki.networks.id is 'Meraki''s id of the network; network_id in the other views.';
comment on column meraki.networks.name is 'Name in the dashboard when the network was last listed; its id while it was never listed.';
comment on column meraki.networks.first_seen_at is
  'When the network was first named by a webhook delivery, or first listed.';
comment on column meraki.networks.last_seen_at is
  'When the network was last named by a webhook delivery, to about an hour, or last listed.';
comment on column meraki.networks.product_types is 'Product types of the network; null while it was never listed.';
comment on column meraki.networks.tags is 'Tags of the network; null while it was never listed.';
comment on column meraki.networks.time_zone is 'Time zone of the network; null when Meraki did not say.';

comment on view meraki.webhook_endpoints is 'One row per receiver URL that webhook deliveries of an organization went to.';
comment on column meraki.webhook_endpoints.organization_id is 'Organization whose deliveries went there.';
comment on column meraki.webhook_endpoints.id is
  'Hash of the whole URL, the same in every archive; endpoint_id in the other views.';
comment on column meraki.webhook_endpoints.name is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_endpoints.first_seen_at is 'sent_at of the earliest delivery stored for the endpoint.';
comment on column meraki.webhook_endpoints.last_seen_at is
  'sent_at of the latest delivery stored for the endpoint; may be up to an hour behind.';
comment on column meraki.webhook_endpoints.url_host is 'Host, and port if there is one, of the URL; null when the URL names none.';

comment on view meraki.alert_types is 'One row per alert type that webhook deliveries of an organization were about.';
comment on column meraki.alert_types.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.alert_types.id is 'Hash of the name, the same in every archive.';
comment on column meraki.alert_types.name is
  'Alert type as Meraki writes it; alert_type in the other views. Empty where Meraki gave none.';
comment on column meraki.alert_types.first_seen_at is 'sent_at of the earliest delivery stored for the alert type.';
comment on column meraki.alert_types.last_seen_at is
  'sent_at of the latest delivery stored for the alert type; may be up to an hour behind.';

comment on view meraki.response_codes is
  'One row per HTTP response code that is well known. Facts can have codes that are not listed here.';
comment on column meraki.response_codes.id is 'HTTP response code as text.';
comment on column meraki.response_codes.name is 'Reason phrase of the code, in English.';
comment on column meraki.response_codes.first_seen_at is 'Always null: the list is fixed.';
comment on column meraki.response_codes.last_seen_at is 'Always null: the list is fixed.';
comment on column meraki.response_codes.response_code is 'HTTP response code as a number, as in the other views.';
comment on column meraki.response_codes.status_class is '2xx, 3xx, 4xx, 429 or 5xx; 429 (rate limited) is not counted in 4xx.';

comment on view meraki.dates is
  'Calendar, one row per day without holes, from 2015-01-01 to the end of next year. Join on the UTC date of a time.';
comment on column meraki.dates.id is 'The day, written YYYY-MM-DD.';
comment on column meraki.dates.name is 'The day, written YYYY-MM-DD.';
comment on column meraki.dates.first_seen_at is 'Always null: the list is fixed.';
comment on column meraki.dates.last_seen_at is 'Always null: the list is fixed.';
comment on column meraki.dates.date is 'The day, as a date.';
comment on column meraki.dates.year is 'Calendar year.';
comment on column meraki.dates.quarter is 'Quarter of the year, 1 to 4.';
comment on column meraki.dates.month is 'Month of the year, 1 to 12.';
comment on column meraki.dates.day is 'Day of the month, 1 to 31.';
comment on column meraki.dates.iso_weekday is 'Day of the week, 1 (Monday) to 7 (Sunday).';
comment on column meraki.dates.iso_week is 'ISO 8601 week, 1 to 53; belongs to iso_year.';
comment on column meraki.dates.iso_year is 'Year the ISO 8601 week belongs to; differs from year around New Year.';
comment on column meraki.dates.month_name is 'Name of the month.';
comment on column meraki.dates.weekday_name is 'Name of the day of the week.';

-- Webhook deliveries.

comment on view meraki.webhook_deliveries is
  'One row per delivery in Meraki''s webhook log. Wholly identical rows of the log are deliveries of their own.';
comment on column meraki.webhook_deliveries.organization_id is 'Organization the delivery belongs to.';
comment on column meraki.webhook_deliveries.network_id is 'Network the alert came from.';
comment on column meraki.webhook_deliveries.alert_type is 'Alert type as Meraki writes it; empty where Meraki gave none.';
comment on column meraki.webhook_deliveries.url is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_deliveries.url_host is 'Host, and port if there is one, of the URL; null when the URL names none.';
comment on column meraki.webhook_deliveries.endpoint_id is
  'Hash of the whole receiver URL: URLs that look alike when masked keep apart. See webhook_endpoints.';
comment on column meraki.webhook_deliveries.sent_at is 'When Meraki sent the delivery, to the microsecond.';
comment on column meraki.webhook_deliveries.logged_at is 'When Meraki logged the outcome, to the microsecond.';
comment on column meraki.webhook_deliveries.response_code is 'HTTP response code of the receiver; null when there was no HTTP answer.';
comment on column meraki.webhook_deliveries.status_class is
  '2xx, 3xx, 4xx, 429 or 5xx by response_code; no_response when there was no HTTP answer; other for codes outside HTTP.';
comment on column meraki.webhook_deliveries.is_success is 'Whether the receiver answered with a code from 200 to 299.';
comment on column meraki.webhook_deliveries.response_duration_ms is
  'How long Meraki waited for the answer, in milliseconds, as logged; also when none came.';
comment on column meraki.webhook_deliveries.occurrence is
  'Tells wholly identical rows of the log apart: 0 for the first, 1 for the next, and so on.';
comment on column meraki.webhook_deliveries.loaded_at is 'When the row was stored in this archive.';
comment on column meraki.webhook_deliveries.extra is
  'Fields of the log row that this version does not know, as received; null when there were none.';

comment on view meraki.webhook_deliveries_hourly is
  'Webhook deliveries per organization, endpoint, network, alert type, status class and hour. Hours without deliveries have no row.';
comment on column meraki.webhook_deliveries_hourly.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_deliveries_hourly.endpoint_id is 'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_deliveries_hourly.network_id is 'Network the alerts came from.';
comment on column meraki.webhook_deliveries_hourly.alert_type is 'Alert type as Meraki writes it; empty where Meraki gave none.';
comment on column meraki.webhook_deliveries_hourly.status_class is 'Class of the response codes, as in webhook_deliveries.';
comment on column meraki.webhook_deliveries_hourly.bucket_start is 'Start of the hour in UTC; by sent_at.';
comment on column meraki.webhook_deliveries_hourly.deliveries is 'Number of deliveries.';
comment on column meraki.webhook_deliveries_hourly.successes is 'Number of deliveries answered with a code from 200 to 299.';
comment on column meraki.webhook_deliveries_hourly.duration_ms_sum is 'Sum of response_duration_ms, in milliseconds.';
comment on column meraki.webhook_deliveries_hourly.duration_ms_max is 'Largest response_duration_ms, in milliseconds.';
comment on column meraki.webhook_deliveries_hourly.p50_ms is
  'Median of response_duration_ms within this row, in milliseconds, interpolated. Percentiles of several rows cannot be added or averaged.';
comment on column meraki.webhook_deliveries_hourly.p95_ms is '95th percentile of response_duration_ms within this row, in milliseconds, interpolated.';
comment on column meraki.webhook_deliveries_hourly.p99_ms is '99th percentile of response_duration_ms within this row, in milliseconds, interpolated.';
comment on column meraki.webhook_deliveries_hourly.is_final is
  'Whether coverage of the whole hour is final: the figures will not change.';

comment on view meraki.webhook_deliveries_daily is
  'Webhook deliveries per organization, endpoint, network, alert type, status class and day. Days without deliveries have no row.';
comment on column meraki.webhook_deliveries_daily.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_deliveries_daily.endpoint_id is 'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_deliveries_daily.network_id is 'Network the alerts came from.';
comment on column meraki.webhook_deliveries_daily.alert_type is 'Alert type as Meraki writes it; empty where Meraki gave none.';
comment on column meraki.webhook_deliveries_daily.status_class is 'Class of the response codes, as in webhook_deliveries.';
comment on column meraki.webhook_deliveries_daily.bucket_start is 'Start of the day in UTC; by sent_at.';
comment on column meraki.webhook_deliveries_daily.deliveries is 'Number of deliveries.';
comment on column meraki.webhook_deliveries_daily.successes is 'Number of deliveries answered with a code from 200 to 299.';
comment on column meraki.webhook_deliveries_daily.duration_ms_sum is 'Sum of response_duration_ms, in milliseconds.';
comment on column meraki.webhook_deliveries_daily.duration_ms_max is 'Largest response_duration_ms, in milliseconds.';
comment on column meraki.webhook_deliveries_daily.p50_ms is
  'Median of response_duration_ms within this row, in milliseconds, interpolated. Percentiles of several rows cannot be added or averaged.';
comment on column meraki.webhook_deliveries_daily.p95_ms is '95th percentile of response_duration_ms within this row, in milliseconds, interpolated.';
comment on column meraki.webhook_deliveries_daily.p99_ms is '99th percentile of response_duration_ms within this row, in milliseconds, interpolated.';
comment on column meraki.webhook_deliveries_daily.is_final is
  'Whether coverage of the whole day is final: the figures will not change.';

comment on view meraki.webhook_incidents is
  'One row per unbroken run of failed deliveries to an endpoint, by sent_at, over everything stored. A gap in coverage can join or split runs.';
comment on column meraki.webhook_incidents.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_incidents.endpoint_id is 'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_incidents.started_at is 'sent_at of the first failure of the run.';
comment on column meraki.webhook_incidents.ended_at is 'sent_at of the success that ended the run; null while no success followed.';
comment on column meraki.webhook_incidents.failures is 'Number of deliveries in the run; all failed.';
comment on column meraki.webhook_incidents.last_response_code is
  'HTTP response code of the last failure of the run; null when there was no HTTP answer.';
comment on column meraki.webhook_incidents.last_failure_at is 'sent_at of the last failure of the run.';

comment on view meraki.webhook_endpoint_health is
  'One row per webhook endpoint: how its deliveries went lately. All times reach back from now, and only as far as rows are stored.';
comment on column meraki.webhook_endpoint_health.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_endpoint_health.endpoint_id is 'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_endpoint_health.url is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_endpoint_health.url_host is 'Host, and port if there is one, of the URL; null when the URL names none.';
comment on column meraki.webhook_endpoint_health.deliveries_1h is 'Number of deliveries sent in the last hour.';
comment on column meraki.webhook_endpoint_health.success_ratio_1h is
  'Share of them answered with a code from 200 to 299, 0 to 1; null when there were none.';
comment on column meraki.webhook_endpoint_health.deliveries_24h is 'Number of deliveries sent in the last 24 hours.';
comment on column meraki.webhook_endpoint_health.success_ratio_24h is
  'Share of them answered with a code from 200 to 299, 0 to 1; null when there were none.';
comment on column meraki.webhook_endpoint_health.deliveries_7d is 'Number of deliveries sent in the last 7 days.';
comment on column meraki.webhook_endpoint_health.success_ratio_7d is
  'Share of them answered with a code from 200 to 299, 0 to 1; null when there were none.';
comment on column meraki.webhook_endpoint_health.deliveries_30d is 'Number of deliveries sent in the last 30 days.';
comment on column meraki.webhook_endpoint_health.success_ratio_30d is
  'Share of them answered with a code from 200 to 299, 0 to 1; null when there were none.';
comment on column meraki.webhook_endpoint_health.last_success_at is
  'sent_at of the latest success in the last 30 days; null when there was none.';
comment on column meraki.webhook_endpoint_health.last_failure_at is
  'sent_at of the latest failure in the last 30 days; null when there was none.';
comment on column meraki.webhook_endpoint_health.consecutive_failures is
  'Number of failures sent after the latest success, within the last 30 days.';
comment on column meraki.webhook_endpoint_health.state is
  'The first that applies: silent: no delivery in 30 days; failing: 3 or more consecutive failures; degraded: success_ratio_24h below 0.99; quiet: no delivery in 24 hours; healthy.';

-- API requests by response code.

comment on view meraki.api_responses is
  'One row per organization, series, bucket and response code. Buckets do not overlap, whatever widths are stored: each request is counted once.';
comment on column meraki.api_responses.organization_id is 'Organization whose API was called.';
comment on column meraki.api_responses.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_responses.bucket_start is 'Start of the bucket, included.';
comment on column meraki.api_responses.bucket_end is 'End of the bucket, not included.';
comment on column meraki.api_responses.interval_seconds is 'Width of the bucket in seconds, as Meraki answered.';
comment on column meraki.api_responses.response_code is 'HTTP response code that Meraki answered with.';
comment on column meraki.api_responses.request_count is
  'Number of requests; never 0: an idle bucket has no row. coverage tells idle from not read.';
comment on column meraki.api_responses.is_final is
  'Whether the whole bucket was read after it had settled. If not, the figure is provisional and may still grow.';
comment on column meraki.api_responses.revision is
  'How often the figure was found changed after it was final; 0 for never.';
comment on column meraki.api_responses.updated_at is 'When the figure was stored or last changed.';

comment on view meraki.api_responses_hourly is
  'API requests per organization, series and hour. Hours that coverage touches have a row, idle ones too.';
comment on column meraki.api_responses_hourly.organization_id is 'Organization whose API was called.';
comment on column meraki.api_responses_hourly.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_responses_hourly.bucket_start is 'Start of the hour in UTC.';
comment on column meraki.api_responses_hourly.requests is
  'Number of requests in the covered part of the hour; null when only buckets wider than an hour are known.';
comment on column meraki.api_responses_hourly.successes_2xx is 'Of these, answered with a code from 200 to 299; null like requests.';
comment on column meraki.api_responses_hourly.redirects_3xx is 'Of these, answered with a code from 300 to 399; null like requests.';
comment on column meraki.api_responses_hourly.client_errors_4xx is
  'Of these, answered with a code from 400 to 499, 429 among them; null like requests.';
comment on column meraki.api_responses_hourly.rate_limited_429 is
  'Of these, answered with 429; also counted in client_errors_4xx; null like requests.';
comment on column meraki.api_responses_hourly.server_errors_5xx is 'Of these, answered with a code from 500 to 599; null like requests.';
comment on column meraki.api_responses_hourly.success_ratio is 'successes_2xx / requests, 0 to 1; null when there were no requests.';
comment on column meraki.api_responses_hourly.coverage_ratio is
  'Share of the hour covered by buckets of an hour or less, 0 to 1, the open bucket taken as a whole.';
comment on column meraki.api_responses_hourly.is_final is
  'Whether coverage of the whole hour is final: the figures change only by a revision.';

comment on view meraki.api_responses_daily is
  'API requests per organization, series and day. Days that coverage touches have a row, idle ones too.';
comment on column meraki.api_responses_daily.organization_id is 'Organization whose API was called.';
comment on column meraki.api_responses_daily.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_responses_daily.bucket_start is 'Start of the day in UTC.';
comment on column meraki.api_responses_daily.requests is 'Number of requests in the covered part of the day.';
comment on column meraki.api_responses_daily.successes_2xx is 'Of these, answered with a code from 200 to 299.';
comment on column meraki.api_responses_daily.redirects_3xx is 'Of these, answered with a code from 300 to 399.';
comment on column meraki.api_responses_daily.client_errors_4xx is 'Of these, answered with a code from 400 to 499, 429 among them.';
comment on column meraki.api_responses_daily.rate_limited_429 is 'Of these, answered with 429; also counted in client_errors_4xx.';
comment on column meraki.api_responses_daily.server_errors_5xx is 'Of these, answered with a code from 500 to 599.';
comment on column meraki.api_responses_daily.success_ratio is 'successes_2xx / requests, 0 to 1; null when there were no requests.';
comment on column meraki.api_responses_daily.coverage_ratio is
  'Share of the day covered by buckets that fit into a day, 0 to 1, the open bucket taken as a whole.';
comment on column meraki.api_responses_daily.is_final is
  'Whether coverage of the whole day is final: the figures change only by a revision.';

comment on view meraki.api_budget_hourly is
  'How much of Meraki''s limit of 10 requests a second each organization used, per hour, by all its applications. Series all only.';
comment on column meraki.api_budget_hourly.organization_id is 'Organization whose API was called.';
comment on column meraki.api_budget_hourly.bucket_start is 'Start of the hour in UTC.';
comment on column meraki.api_budget_hourly.requests is 'As in api_responses_hourly.';
comment on column meraki.api_budget_hourly.mean_share is
  'Requests as a share of those allowed in the covered part of the hour, 1 for all of them; can exceed 1 with refused requests; null when nothing finer than an hour is covered.';
comment on column meraki.api_budget_hourly.peak_share is
  'Largest such share of a single bucket of the hour, so of 2 minutes where the finest width is stored; null when there were no requests.';
comment on column meraki.api_budget_hourly.rate_limited_429 is 'Number of requests answered with 429; null like requests.';
comment on column meraki.api_budget_hourly.coverage_ratio is 'As in api_responses_hourly.';
comment on column meraki.api_budget_hourly.is_final is 'As in api_responses_hourly.';

-- The ledger, as readers see it.

comment on view meraki.coverage is
  'One row per stretch of time of a stream that was read completely and is stored.';
comment on column meraki.coverage.organization_id is 'Organization of the stream.';
comment on column meraki.coverage.stream is 'webhook_logs or api_responses.';
comment on column meraki.coverage.series is 'Filter set of the stream; all: no filter.';
comment on column meraki.coverage.interval_seconds is
  'Width in seconds of the buckets that were read; the same time can be covered at several widths. Null for rows without buckets.';
comment on column meraki.coverage.covered_from is 'Start of the stretch, included.';
comment on column meraki.coverage.covered_to is 'End of the stretch, not included.';
comment on column meraki.coverage.state is 'final: read after it had settled; provisional: read, but may still change.';

comment on view meraki.gaps is
  'One row per stretch of time of a stream that is wanted and not covered. The newest time a sync may still be reading is no gap.';
comment on column meraki.gaps.organization_id is 'Organization of the stream.';
comment on column meraki.gaps.stream is 'webhook_logs or api_responses.';
comment on column meraki.gaps.series is 'Filter set of the stream; all: no filter.';
comment on column meraki.gaps.gap_from is 'Start of the gap, included.';
comment on column meraki.gaps.gap_to is 'End of the gap, not included.';
comment on column meraki.gaps.state is 'pending: Meraki still has it; lost: it aged out before it was read.';
comment on column meraki.gaps.deadline is 'When the start of the gap ages out at Meraki; null for a lost gap.';

comment on view meraki.freshness is 'One row per stream: how far it has come and what it last met with.';
comment on column meraki.freshness.organization_id is 'Organization of the stream.';
comment on column meraki.freshness.stream is 'webhook_logs or api_responses.';
comment on column meraki.freshness.series is 'Filter set of the stream; all: no filter.';
comment on column meraki.freshness.covered_until is 'End of the newest coverage, final or provisional; null while nothing is covered.';
comment on column meraki.freshness.last_success_at is 'When a sync of the stream last succeeded; null while none did.';
comment on column meraki.freshness.lag_seconds is 'Seconds from covered_until to now; null while nothing is covered.';
comment on column meraki.freshness.next_deadline is 'Earliest deadline of the stream''s pending gaps; null when there are none.';
comment on column meraki.freshness.last_error is 'Message of the error the last sync failed with; null after a success.';
comment on column meraki.freshness.last_error_at is 'When that error happened; null after a success.';
comment on column meraki.freshness.organization_state is 'State of the organization, as in organizations; null while it was never listed.';
comment on column meraki.freshness.clock_skew_seconds is
  'Meraki''s clock minus this machine''s, in seconds, as measured at the last success; 0 when they agree to a few seconds.';

comment on view meraki.sync_runs is 'One row per run: one lane of one stream, worked on until done, paused or failed.';
comment on column meraki.sync_runs.organization_id is 'Organization of the stream.';
comment on column meraki.sync_runs.run_id is 'Id of the run.';
comment on column meraki.sync_runs.stream is 'webhook_logs or api_responses.';
comment on column meraki.sync_runs.series is 'Filter set of the stream; all: no filter.';
comment on column meraki.sync_runs.lane is 'live: the newest edge; backfill: gaps, the earliest deadline first.';
comment on column meraki.sync_runs.started_at is 'When the run began.';
comment on column meraki.sync_runs.finished_at is 'When the run ended; null while it goes on, or when it was killed.';
comment on column meraki.sync_runs.pages is 'Number of pages committed.';
comment on column meraki.sync_runs.requests is 'Number of requests sent to Meraki, repeated ones among them.';
comment on column meraki.sync_runs.rows_new is 'Number of rows stored or changed.';
comment on column meraki.sync_runs.rows_known is 'Number of rows that were read and already stored.';
comment on column meraki.sync_runs.rows_quarantined is 'Number of rows that did not validate and went to quarantine.';
comment on column meraki.sync_runs.waited_ms is 'Milliseconds spent waiting for the rate limit and between repeated requests.';
comment on column meraki.sync_runs.outcome is
  'running: goes on, or was killed; complete: nothing left to do in its lane; paused: time was up, the checkpoint stands; superseded: another worker took over; failed: see error.';
comment on column meraki.sync_runs.error is 'Message of the error that ended the run; null when none did.';

-- Tables behind the views.

comment on table meraki_store.organizations is 'Organizations that the key has seen.';
comment on table meraki_store.networks is 'Networks, keyed by the hash of their id.';
comment on table meraki_store.webhook_endpoints is 'Receiver URLs of webhooks, keyed by the hash of the URL. Whole URLs can hold secrets.';
comment on table meraki_store.alert_types is 'Alert types, keyed by the hash of the name.';
comment on table meraki_store.response_codes is 'Well-known HTTP response codes.';
comment on table meraki_store.webhook_deliveries is
  'Rows of the webhook log, each once (invariant I1). Monthly partitions by sent_at, made by the program.';
comment on table meraki_store.api_response_counts is
  'Requests per bucket and response code, at every width that was read; 0 where a code vanished from its bucket. Monthly partitions by bucket_start, made by the program.';
comment on table meraki_store.api_response_revisions is 'Changes to figures that were final (invariant I5).';
comment on table meraki_ingest.migrations is 'Migration files applied to this database.';
comment on table meraki_ingest.settings is 'Settings that views and every worker have to agree on.';
comment on table meraki_ingest.streams is 'Streams: since when their data are wanted, what was learned of the source, how the last sync went.';
comment on table meraki_ingest.checkpoints is 'Where each lane of each stream stands, and who holds it (invariant I4).';
comment on table meraki_ingest.coverage is 'Per stream and bucket width, the time that was read completely and committed (invariant I2).';
comment on table meraki_ingest.sync_runs is 'Runs and their figures.';
comment on table meraki_ingest.quarantine is 'Rows that did not validate, as received, and why (invariant I7).';
comment on table meraki_ingest.request_budgets is 'Request budgets shared by all workers when the queue lives in Postgres.';

-- Who may read. Postgres grants nothing of this to everybody by itself; an administrator's default privileges may.

revoke all on schema meraki, meraki_store, meraki_ingest from public;
revoke all on all tables in schema meraki, meraki_store, meraki_ingest from public;

-- Roles belong to the whole server, so meraki_reader may be there already, or be made by another database's
-- migration at this moment. It gets no password here: an administrator sets one, or grants the role to others.
do $$
declare
  grants constant text := format(
    'grant usage on schema meraki to meraki_reader; '
    'grant select on all tables in schema meraki to meraki_reader; '
    'alter default privileges for role %I in schema meraki grant select on tables to meraki_reader;',
    current_user);
  settings constant text := format(
    'alter role meraki_reader in database %1$I set default_transaction_read_only = on; '
    'alter role meraki_reader in database %1$I set statement_timeout = ''60s''; '
    'alter role meraki_reader in database %1$I set timezone = ''UTC'';',
    current_database());
begin
  if not exists (select from pg_roles where rolname = 'meraki_reader') then
    begin
      create role meraki_reader login;
    exception
      when duplicate_object or unique_violation then
        null;
      when insufficient_privilege then
        raise warning 'The role meraki_reader does not exist and % may not create roles, so nobody but % can read the report views. An administrator has to run, in this database: create role meraki_reader login; % %',
          current_user, current_user, grants, settings;
        return;
    end;
  end if;
  execute grants;
  begin
    execute settings;
  exception
    when insufficient_privilege then
      raise warning 'The role meraki_reader can read the report views, but % may not change its settings. An administrator should run: %',
        current_user, settings;
  end;
end
$$;
