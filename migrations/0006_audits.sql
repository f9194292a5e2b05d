-- How late rows appear, and what a second reading of final time has shown.

create table meraki_ingest.lateness (
  organization_id text not null,
  stream text not null,
  series text not null,
  day date not null,
  bucket integer not null,
  rows bigint not null,
  rows_found_late bigint not null,
  rows_after_final bigint not null,
  max_seconds double precision not null,
  late_max_seconds double precision not null,
  last_seen_at timestamptz not null,
  constraint lateness_pkey primary key (organization_id, stream, series, day, bucket)
);

comment on table meraki_ingest.lateness is
  'Rows that the live lane saw appear, by the UTC day of that and by how late they were; kept for 90 days.';
comment on column meraki_ingest.lateness.bucket is
  'Holds lateness above 2^((bucket - 1) / 4) and up to 2^(bucket / 4) seconds; bucket 0 holds all up to one second.';

create table meraki_ingest.audits (
  organization_id text not null,
  audit_id text not null,
  stream text not null,
  series text not null,
  interval_seconds integer not null,
  audited_at timestamptz not null,
  audited_from timestamptz not null,
  audited_to timestamptz not null,
  rows_compared bigint not null,
  rows_missing bigint not null,
  rows_surplus bigint not null,
  figures_changed bigint not null,
  repaired bigint not null,
  requests bigint not null,
  outcome text not null,
  error text,
  constraint audits_pkey primary key (organization_id, audit_id),
  constraint audits_outcome_check
    check (outcome in ('equal', 'repaired', 'unconfirmed', 'doubtful', 'unreadable'))
);

create index audits_audited_at_idx on meraki_ingest.audits (organization_id, stream, series, audited_at);

comment on table meraki_ingest.audits is
  'Windows of final time that were read again. What was equal is kept for 90 days, what differed for ever.';

create table meraki_ingest.verified_time (
  organization_id text not null,
  stream text not null,
  series text not null,
  interval_seconds integer not null,
  verified tstzmultirange not null default '{}',
  updated_at timestamptz not null,
  constraint verified_time_pkey primary key (organization_id, stream, series, interval_seconds)
);

comment on table meraki_ingest.verified_time is
  'Per stream and bucket width, the final time that an audit read again and found equal, or repaired.';

create view meraki.lateness as
select organization_id, stream, series, period,
  sum(rows)::bigint as rows,
  least(min(power(2, bucket / 4.0)) filter (where upto >= 0.5 * total and total > 0), max(max_seconds))::double precision
    as p50_seconds,
  least(min(power(2, bucket / 4.0)) filter (where upto >= 0.99 * total and total > 0), max(max_seconds))::double precision
    as p99_seconds,
  max(max_seconds) filter (where rows > 0) as max_seconds,
  sum(rows_found_late)::bigint as rows_found_late,
  max(late_max_seconds) filter (where rows_found_late > 0) as late_max_seconds,
  sum(rows_after_final)::bigint as rows_after_final,
  max(last_seen_at) as last_seen_at
from (
  select organization_id, stream, series, period, bucket, rows, rows_found_late, rows_after_final, max_seconds,
    late_max_seconds, last_seen_at,
    sum(rows) over (partition by organization_id, stream, series, period order by bucket) as upto,
    sum(rows) over (partition by organization_id, stream, series, period) as total
  from (
    select l.organization_id, l.stream, l.series, p.period, l.bucket, sum(l.rows) as rows,
      sum(l.rows_found_late) as rows_found_late, sum(l.rows_after_final) as rows_after_final,
      max(l.max_seconds) as max_seconds, max(l.late_max_seconds) as late_max_seconds,
      max(l.last_seen_at) as last_seen_at
    from meraki_ingest.lateness l
    join (values ('7 days', 7), ('90 days', 90)) as p(period, days)
      on l.day > (now() at time zone 'UTC')::date - p.days
    group by l.organization_id, l.stream, l.series, p.period, l.bucket
  ) buckets
) ranked
group by organization_id, stream, series, period;

comment on view meraki.lateness is
  'How long after they were logged rows appeared: one row per stream and period. Only the live lane measures, and only while its reads follow one another closely; what backfill reads says nothing of when it appeared.';
comment on column meraki.lateness.organization_id is 'Organization of the stream.';
comment on column meraki.lateness.stream is 'webhook_logs; figures in buckets have no moment of their own.';
comment on column meraki.lateness.series is 'Filter set of the stream; all: no filter.';
comment on column meraki.lateness.period is '7 days or 90 days: the last so many UTC days, today among them.';
comment on column meraki.lateness.rows is 'Number of rows measured.';
comment on column meraki.lateness.p50_seconds is
  'Median of the seconds from loggedAt to the answer that first held the row. A row appeared after the answer before that one, so it was this late at most. Read off a histogram: at most 19 percent (2^(1/4)) above the measured value. Null when nothing was measured.';
comment on column meraki.lateness.p99_seconds is
  'The same for 99 of 100 rows: at most 19 percent (2^(1/4)) above the measured value. Null when nothing was measured.';
comment on column meraki.lateness.max_seconds is
  'Most seconds from loggedAt to the answer that first held the row, exact to the second of the answer; the time between two reads is in it. Null when nothing was measured.';
comment on column meraki.lateness.rows_found_late is
  'Of rows, those that an earlier read of their time did not hold: found by the second and later reads.';
comment on column meraki.lateness.late_max_seconds is
  'The same as max_seconds for rows_found_late alone: what the settle time has to exceed. Null when there are none.';
comment on column meraki.lateness.rows_after_final is
  'Number of rows that were found in final time, by an audit or where two reads overlap: what the settle time missed.';
comment on column meraki.lateness.last_seen_at is 'When a row was last counted here.';

create view meraki.audits as
select organization_id, stream, series, audited_at, audited_from, audited_to, rows_compared, rows_missing,
  rows_surplus, figures_changed, repaired, requests, outcome, error,
  nullif(interval_seconds, 0) as interval_seconds, audit_id
from meraki_ingest.audits;

comment on view meraki.audits is
  'One row per window of final time that was read again and compared with what is stored. What was equal is kept for 90 days, what differed for ever.';
comment on column meraki.audits.organization_id is 'Organization of the stream.';
comment on column meraki.audits.stream is 'webhook_logs or api_responses.';
comment on column meraki.audits.series is 'Filter set of the stream; all: no filter.';
comment on column meraki.audits.audited_at is 'When the window was compared.';
comment on column meraki.audits.audited_from is
  'Begin of the time that was compared; of the window that was planned, where nothing of it could be read whole.';
comment on column meraki.audits.audited_to is 'End of that time, exclusive.';
comment on column meraki.audits.rows_compared is
  'Number of deliveries, or of counts per bucket and response code, that Meraki answered for that time.';
comment on column meraki.audits.rows_missing is 'Number of deliveries that Meraki has and the archive had not.';
comment on column meraki.audits.rows_surplus is 'Number of deliveries that the archive had and Meraki has not.';
comment on column meraki.audits.figures_changed is
  'Number of counts per bucket and response code that differed.';
comment on column meraki.audits.repaired is
  'Number of deliveries inserted, of copies too many moved to quarantine, or of counts revised; 0 when nothing was changed.';
comment on column meraki.audits.requests is 'Number of requests sent to Meraki for it.';
comment on column meraki.audits.outcome is
  'equal: nothing differed; repaired: a second reading said the same, and the archive was made equal; unconfirmed: a second reading said something else or was not to be had, nothing was changed; doubtful: Meraki gives nothing of something that is stored, and has given it once, so nothing was changed; unreadable: nothing of the window could be read whole.';
comment on column meraki.audits.error is 'Why it was unreadable, unconfirmed or doubtful; null otherwise.';
comment on column meraki.audits.interval_seconds is 'Width of the buckets compared; null for webhook_logs.';
comment on column meraki.audits.audit_id is 'Id of the audit of this window.';

create view meraki.verified as
select s.organization_id, s.stream, s.series,
  case
    when w.unverified is null or w.final = '{}' then null
    when w.unverified = '{}' then upper(w.final)
    when lower(w.unverified) > lower(w.final) then lower(w.unverified)
  end as verified_through,
  case when w.final_seconds > 0 then 1 - w.unverified_seconds / w.final_seconds end as verified_share,
  a.last_audited_at, a.last_differed_at
from meraki_ingest.streams s
left join (
  select organization_id, stream, series, range_agg(final) as final, range_agg(unverified) as unverified,
    sum(final_seconds)::double precision as final_seconds,
    sum(unverified_seconds)::double precision as unverified_seconds
  from (
    select r.organization_id, r.stream, r.series, r.final, r.unverified,
      (select coalesce(sum(extract(epoch from upper(t) - lower(t))), 0) from unnest(r.final) t) as final_seconds,
      (select coalesce(sum(extract(epoch from upper(t) - lower(t))), 0) from unnest(r.unverified) t)
        as unverified_seconds
    from (
      select f.organization_id, f.stream, f.series, f.final, f.final - coalesce(v.verified, '{}') as unverified
      from (
        select c.organization_id, c.stream, c.series, c.interval_seconds,
          case when c.interval_seconds = 0 then c.final else c.final * c.counted end
            * tstzmultirange(tstzrange(date_bin(
              greatest(c.interval_seconds, 1) * interval '1 second',
              m.horizon + (greatest(c.interval_seconds, 1)) * interval '1 second',
              timestamptz '1970-01-01 00:00:00+00'), null)) as final
        from meraki_ingest.coverage c
        join meraki_ingest.missing_time m
          on m.organization_id = c.organization_id and m.stream = c.stream and m.series = c.series
      ) f
      left join meraki_ingest.verified_time v
        on v.organization_id = f.organization_id and v.stream = f.stream and v.series = f.series
        and v.interval_seconds = f.interval_seconds
    ) r
  ) widths
  group by organization_id, stream, series
) w on w.organization_id = s.organization_id and w.stream = s.stream and w.series = s.series
left join (
  select organization_id, stream, series, max(audited_at) as last_audited_at,
    max(audited_at) filter (where outcome in ('repaired', 'unconfirmed', 'doubtful')) as last_differed_at
  from meraki_ingest.audits group by organization_id, stream, series
) a on a.organization_id = s.organization_id and a.stream = s.stream and a.series = s.series;

comment on view meraki.verified is 'One row per stream: how much of its final time was read a second time.';
comment on column meraki.verified.organization_id is 'Organization of the stream.';
comment on column meraki.verified.stream is 'webhook_logs or api_responses.';
comment on column meraki.verified.series is 'Filter set of the stream; all: no filter.';
comment on column meraki.verified.verified_through is
  'All final time from the oldest that Meraki still has up to this instant was read a second time by an audit, after it had become final, and was found equal or made equal. Buckets that do not count in the views are left out. Null while that begins with time that was not verified.';
comment on column meraki.verified.verified_share is
  'Share of the final time that Meraki still has, from 0 to 1, that was verified in this sense; null when there is none.';
comment on column meraki.verified.last_audited_at is 'When a window of the stream was last audited; null while none was.';
comment on column meraki.verified.last_differed_at is
  'When an audit last found a difference, repaired or not; null when none did.';

revoke all on all tables in schema meraki, meraki_ingest from public;
