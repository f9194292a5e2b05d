-- Lateness of one organization is found by its key. What the view says stays the same.
--
-- Behind a function (0012), whatever a query asks for is made of all organizations: with a thousand of them more than two
-- million rows, a second each time. There are no names in it, and it is not small: it is read as facts are.

create or replace view meraki.lateness with (security_barrier) as
select l.organization_id, l.stream, l.series, l.period, l.rows, l.p50_seconds, l.p99_seconds, l.max_seconds,
  l.rows_found_late, l.late_max_seconds, l.rows_after_final, l.last_seen_at
from meraki_store.visible_organizations(current_user) v
join (
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
      -- Apart, so that whoever asks for one period reads no more than that.
      select organization_id, stream, series, '7 days'::text as period, bucket, sum(rows) as rows,
        sum(rows_found_late) as rows_found_late, sum(rows_after_final) as rows_after_final,
        max(max_seconds) as max_seconds, max(late_max_seconds) as late_max_seconds, max(last_seen_at) as last_seen_at
      from meraki_ingest.lateness where day > (now() at time zone 'UTC')::date - 7
      group by organization_id, stream, series, bucket
      union all
      select organization_id, stream, series, '90 days', bucket, sum(rows), sum(rows_found_late),
        sum(rows_after_final), max(max_seconds), max(late_max_seconds), max(last_seen_at)
      from meraki_ingest.lateness where day > (now() at time zone 'UTC')::date - 90
      group by organization_id, stream, series, bucket
    ) buckets
  ) ranked
  group by organization_id, stream, series, period
) l on l.organization_id = v.organization_id;

drop function meraki_store.lateness_seen_by(name);
