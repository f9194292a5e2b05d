/*
 * The dense series of webhooks: a row for every stretch since the receiver was first seen, or since the stream is
 * wanted, with nulls where nothing was read.
 */
import type { Comparison } from './comparison.ts';
import { GRAINS, type Grain, rounded, secondsWithin } from './report-grain.ts';

const COUNTS = [
  'deliveries',
  'successes',
  'failures',
  'no_response',
  'client_errors_4xx',
  'rate_limited_429',
  'server_errors_5xx',
  'duration_ms_sum',
];

const FIGURES = `count(*) as deliveries, count(*) filter (where w.is_success) as successes,
  count(*) filter (where not w.is_success) as failures,
  count(*) filter (where w.response_code is null) as no_response,
  count(*) filter (where w.response_code between 400 and 499) as client_errors_4xx,
  count(*) filter (where w.response_code = 429) as rate_limited_429,
  count(*) filter (where w.response_code between 500 and 599) as server_errors_5xx,
  sum(w.response_duration_ms)::bigint as duration_ms_sum, max(w.response_duration_ms) as duration_ms_max,
  percentile_cont(0.5) within group (order by w.response_duration_ms) as p50_ms,
  percentile_cont(0.95) within group (order by w.response_duration_ms) as p95_ms,
  percentile_cont(0.99) within group (order by w.response_duration_ms) as p99_ms`;

const RATIOS = `${rounded('success_ratio')}, duration_ms_max, ${rounded('mean_ms')}, ${rounded('coverage_ratio')},
  is_final, date`;

function series(grain: Grain, view: 'receivers' | 'totals'): Comparison {
  const perReceiver = view === 'receivers';
  const key = perReceiver ? 'organization_id, endpoint_id' : 'organization_id';
  const percentiles = perReceiver ? ', p50_ms, p95_ms, p99_ms, endpoint_key' : '';
  const since = perReceiver ? 'greatest(e.first_seen_at, s.wanted_from)' : 's.wanted_from';
  const receivers = perReceiver
    ? 'join meraki.webhook_endpoints e on e.organization_id = s.organization_id'
    : '';
  return {
    name: `webhook_${view}_${grain.suffix}`,
    shown: `select ${key}, bucket_start, ${COUNTS.join(', ')}, ${RATIOS}${percentiles}
      from meraki.webhook_${view}_${grain.suffix}`,
    right: `
      select ${key.replace('organization_id', 'b.organization_id')}, b.bucket_start,
        ${COUNTS.map((name) => `case when b.known or f.deliveries > 0 then coalesce(f.${name}, 0) end`).join(', ')},
        ${rounded('f.successes::float8 / f.deliveries')}, f.duration_ms_max,
        ${rounded('f.duration_ms_sum::float8 / f.deliveries')}, ${rounded('b.ratio')}, b.is_final,
        (b.bucket_start at time zone b.time_zone)::date
        ${perReceiver ? `, f.p50_ms, f.p95_ms, f.p99_ms, b.organization_id || '/' || endpoint_id` : ''}
      from (
        select s.organization_id, s.time_zone, t.day_start as bucket_start, t.day_end as bucket_end,
          ${perReceiver ? 'e.id as endpoint_id,' : ''}
          ${secondsWithin('l.covered', 't.day_start', 't.day_end')} > 0 as known,
          ${secondsWithin('l.covered', 't.day_start', 't.day_end')}
            / extract(epoch from t.day_end - t.day_start) as ratio,
          coalesce(l.final @> tstzrange(t.day_start, t.day_end), false) as is_final
        from streams s ${receivers}
        left join ledger l on l.organization_id = s.organization_id and l.stream = s.stream
        cross join lateral ${grain.stretches(since, 's.wanted_to')} t
        where s.stream = 'webhook_logs'
      ) b
      left join (
        select w.organization_id, ${perReceiver ? 'w.endpoint_id,' : ''} ${grain.start} as bucket_start, ${FIGURES}
        from meraki.webhook_deliveries w ${grain.join}
        group by ${perReceiver ? '1, 2, 3' : '1, 2'}
      ) f using (${key}, bucket_start)`,
  };
}

export const receiverFigures: readonly Comparison[] = GRAINS.flatMap((grain) => [
  series(grain, 'receivers'),
  series(grain, 'totals'),
]);
