import { CLASS_COLOURS, DELIVERIES_BY_CLASS } from './code-classes.ts';
import { PART } from './column-looks.ts';
import { heatMapPanel } from './heat-map-panel.ts';
import { thresholds } from './panel.ts';
import { HOURLY_OR_DAILY, OF_ORGANIZATIONS, OF_RECEIVERS, RECEIVER_NAMES } from './selection.ts';
import { sql } from './sql.ts';
import { stateTimelinePanel } from './state-timeline-panel.ts';
import { tablePanel } from './table-panel.ts';
import { timeSeriesPanel } from './time-series-panel.ts';

/** Bounds of the histogram that are powers of two, where its buckets begin exactly. */
const LATENCY_STEPS = [
  ['under 64 ms', 0, 64],
  ['64 – 128 ms', 64, 128],
  ['128 – 256 ms', 128, 256],
  ['256 – 512 ms', 256, 512],
  ['0.5 – 1 s', 512, 1024],
  ['1 – 2 s', 1024, 2048],
  ['2 – 4 s', 2048, 4096],
  ['4 – 8 s', 4096, 8192],
  ['over 8 s', 8192, 2 ** 31],
] as const;

export const byOutcome = timeSeriesPanel({
  title: 'Deliveries by outcome',
  description:
    'What the receivers answered. Shaded stretches: blue is not final and may grow, orange is missing and can still be had, red is lost. Nothing drawn on a plain background means that nothing was sent.',
  unit: 'short',
  drawn: 'stacked bars',
  colours: CLASS_COLOURS,
  calcs: ['sum'],
  sql: sql`
    select bucket_start as "time",
      ${DELIVERIES_BY_CLASS}
    from meraki.webhook_receivers_${HOURLY_OR_DAILY}
    where ${OF_ORGANIZATIONS}
      and ${OF_RECEIVERS}
      and $__timeFilter(bucket_start)
    group by 1
    order by 1`,
});

export const failureReasons = tablePanel({
  title: 'Why deliveries failed',
  description:
    'Failures of the time range by response code; an empty code: no HTTP answer. Share: of all failures. Whole days, so it can begin later than the time range.',
  columns: {
    Code: { unit: 'none', width: 70 },
    Reason: { width: 190 },
    Failures: { width: 90 },
    Share: PART,
  },
  sql: sql`
    select response_code as "Code", min(reason) as "Reason", sum(failures)::bigint as "Failures",
      sum(failures)::double precision / sum(sum(failures)) over ()::double precision as "Share"
    from meraki.webhook_failure_reasons_daily
    where ${OF_ORGANIZATIONS}
      and ${OF_RECEIVERS}
      and $__timeFilter(bucket_start)
    group by response_code
    order by 3 desc`,
});

export const successByReceiver = stateTimelinePanel({
  title: 'Delivered, by receiver',
  description:
    'Share of deliveries answered with 2xx: red below 50 %, orange below 95 %, yellow below 99 %. No colour where nothing was sent and where time is not covered; the coverage is on the dashboard of the archive.',
  unit: 'percentunit',
  thresholds: thresholds(
    'semi-dark-red',
    [0.5, 'semi-dark-orange'],
    [0.95, 'semi-dark-yellow'],
    [0.99, 'semi-dark-green'],
  ),
  sql: sql`
    select b.bucket_start as "time", r.receiver as metric, b.success_ratio as "Delivered"
    from meraki.webhook_receivers_${HOURLY_OR_DAILY} b
    join (
      ${RECEIVER_NAMES}
    ) r on r.organization_id = b.organization_id and r.endpoint_id = b.endpoint_id
    where b.${OF_ORGANIZATIONS}
     
      and b.${OF_RECEIVERS}
      and $__timeFilter(b.bucket_start)
    order by 1, 2`,
});

export const p95ByReceiver = timeSeriesPanel({
  title: 'p95 of answer time, by receiver',
  description:
    '95 of 100 deliveries of each hour or day were answered, or given up, within this time; exact within the bucket. Breaks where nothing was sent or time is not covered.',
  unit: 'ms',
  drawn: 'lines',
  calcs: ['max', 'mean'],
  sql: sql`
    select b.bucket_start as "time", r.receiver as metric, b.p95_ms as "p95"
    from meraki.webhook_receivers_${HOURLY_OR_DAILY} b
    join (
      ${RECEIVER_NAMES}
    ) r on r.organization_id = b.organization_id and r.endpoint_id = b.endpoint_id
    where b.${OF_ORGANIZATIONS}
     
      and b.${OF_RECEIVERS}
      and $__timeFilter(b.bucket_start)
    order by 1, 2`,
});

export const latencies = heatMapPanel({
  title: 'Answer times by day',
  description:
    'How many deliveries of each day took how long. A second dark band far up is a receiver that runs into its time limit. Days in the time zone of the organization.',
  sql: sql`
    select bucket_start as "time",
      ${LATENCY_STEPS.map(
        ([name, from, to]) =>
          `(sum(deliveries) filter (where from_ms >= ${from} and from_ms < ${to}))::bigint as "${name}"`,
      ).join(',\n')}
    from meraki.webhook_latency_histogram
    where ${OF_ORGANIZATIONS}
      and ${OF_RECEIVERS}
      and $__timeFilter(bucket_start)
    group by 1
    order by 1`,
});
