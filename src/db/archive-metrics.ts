import { Gauge, Registry } from 'prom-client';
import { MICROSECONDS_PER_SECOND } from '../instant.ts';
import type { StreamStatus } from './archive-status.ts';
import { parseDatabaseInstant } from './multirange.ts';

const PREFIX = 'meraki_historian_';
const STREAM_LABELS = ['organization_id', 'stream', 'series'] as const;

/** One figure of a stream; `null` where it has none, and then it is left out. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly value: (stream: StreamStatus) => number | null;
}

const METRICS: readonly Metric[] = [
  {
    name: 'covered_ratio',
    help: 'Share of the wanted time that is covered, from 0 to 1.',
    value: (stream) => stream.covered_ratio,
  },
  {
    name: 'covered_until_timestamp_seconds',
    help: 'End of the newest coverage, final or provisional.',
    value: (stream) => timestamp(stream.covered_until),
  },
  {
    name: 'lag_seconds',
    help: 'Seconds from the end of the newest coverage to now.',
    value: (stream) => stream.lag_seconds,
  },
  {
    name: 'next_deadline_timestamp_seconds',
    help: 'When the first pending gap begins to be lost.',
    value: (stream) => timestamp(stream.next_deadline),
  },
  {
    name: 'next_deadline_seconds',
    help: 'Seconds until the first pending gap begins to be lost.',
    value: (stream) => stream.next_deadline_seconds,
  },
  {
    name: 'near_deadline_gaps',
    help: 'Pending gaps that are nearer to their deadline than GAP_WARNING.',
    value: (stream) => stream.near_gaps,
  },
  {
    name: 'quarantined_rows',
    help: 'Rows that did not validate and are kept in quarantine.',
    value: (stream) => stream.quarantined,
  },
  {
    name: 'last_success_timestamp_seconds',
    help: 'When a sync of the stream last succeeded.',
    value: (stream) => timestamp(stream.last_success_at),
  },
  {
    name: 'failing',
    help: 'Whether the last sync of the stream failed: 1, else 0.',
    value: (stream) => (stream.last_error === null ? 0 : 1),
  },
  {
    name: 'lookback_seconds',
    help: 'How far back the source is asked, as far as is known.',
    value: (stream) => stream.lookback_seconds,
  },
  {
    name: 'clock_skew_seconds',
    help: "Meraki's clock minus this machine's, as measured at the last success.",
    value: (stream) => stream.clock_skew_seconds,
  },
];

/** Where every stream stands, in Prometheus' text format. Series of streams that are retired are left out. */
export async function archiveMetrics(streams: readonly StreamStatus[]): Promise<string> {
  const registry = new Registry();
  const wanted = streams.filter((stream) => stream.retired_at === null);
  const labelsOf = ({ organization_id, stream, series }: StreamStatus) => ({
    organization_id,
    stream,
    series,
  });
  const gauge = (name: string, help: string, ...labels: readonly string[]) =>
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      labelNames: [...STREAM_LABELS, ...labels],
      registers: [registry],
    });

  const seconds = gauge('gap_seconds', 'Length of the time that is wanted and missing.', 'state');
  const count = gauge('gaps', 'Stretches of time that are wanted and missing.', 'state');
  for (const stream of wanted) {
    seconds.set({ ...labelsOf(stream), state: 'pending' }, stream.pending_seconds);
    seconds.set({ ...labelsOf(stream), state: 'lost' }, stream.lost_seconds);
    count.set({ ...labelsOf(stream), state: 'pending' }, stream.pending_gaps);
    count.set({ ...labelsOf(stream), state: 'lost' }, stream.lost_gaps);
  }
  for (const { name, help, value } of METRICS) {
    const metric = gauge(name, help);
    for (const stream of wanted) {
      const figure = value(stream);
      if (figure !== null) metric.set(labelsOf(stream), figure);
    }
  }
  return await registry.metrics();
}

function timestamp(text: string | null): number | null {
  return text === null ? null : parseDatabaseInstant(text) / MICROSECONDS_PER_SECOND;
}
