/*
 * A month of three organizations, small enough to be computed anew by hand: with the change to summer time, a midnight
 * that is skipped, days that begin at half past the hour, a gap, provisional time, idle hours that were read, and
 * buckets wider than an hour.
 */
import { createRandom } from '../../src/simulator/random.ts';

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface Delivery {
  readonly organization: string;
  readonly endpoint: number;
  readonly network: number;
  readonly alertType: number;
  readonly sentAt: number;
  readonly code: number;
}

export interface Bucket {
  readonly organization: string;
  readonly series: string;
  readonly seconds: number;
  readonly start: number;
  readonly code: number;
  readonly count: number;
}

export interface KnownStream {
  readonly organization: string;
  readonly series: string;
  readonly wanted: Stretch;
  /** Seconds of a bucket, 0 for deliveries. */
  readonly widths: readonly {
    readonly seconds: number;
    readonly final: readonly Stretch[];
    readonly provisional: readonly Stretch[];
  }[];
}

export const HOUR = 3_600_000;
const at = (text: string) => Date.parse(`2026-${text}:00Z`);

export const WHOLE: Stretch = { from: at('03-02T00:00'), to: at('04-07T12:00') };
/** Facts of these times come after all others were rolled up. The clocks change in the second. */
export const LATE: readonly Stretch[] = [
  { from: at('03-04T05:00'), to: at('03-04T09:00') },
  { from: at('03-28T10:00'), to: at('03-29T12:00') },
];
export const ZONES: Readonly<Record<string, string>> = {
  berlin: 'Europe/Berlin',
  kolkata: 'Asia/Kolkata',
  // 8 March begins at 1 o'clock.
  havana: 'America/Havana',
};
export const ALERT_TYPES = ['Settings changed', 'Sensor reading'];
export const OWN_SERIES = 'archive';
const IDLE_SERIES = 'idle';

const SETTLED = at('04-07T06:00');

export const WEBHOOKS: readonly KnownStream[] = [
  webhooks('berlin', at('03-02T00:20'), [{ from: at('03-20T03:30'), to: at('03-21T10:15') }]),
  webhooks('kolkata', at('03-10T00:00'), [{ from: at('03-25T00:00'), to: at('03-26T00:00') }]),
  webhooks('havana', WHOLE.from, []),
];

export const SERIES: readonly KnownStream[] = [
  {
    ...{ organization: 'berlin', series: 'all', wanted: WHOLE },
    widths: [
      {
        seconds: 1_800,
        final: [
          { from: WHOLE.from, to: at('03-20T05:30') },
          { from: at('03-21T15:00'), to: at('04-01T00:00') },
          { from: at('04-03T00:00'), to: SETTLED },
        ],
        provisional: [{ from: SETTLED, to: WHOLE.to }],
      },
      { seconds: 14_400, final: [{ from: at('04-01T00:00'), to: at('04-03T00:00') }], provisional: [] },
    ],
  },
  {
    ...{ organization: 'berlin', series: OWN_SERIES, wanted: WHOLE },
    widths: [{ seconds: 1_800, final: [{ from: at('03-12T00:00'), to: WHOLE.to }], provisional: [] }],
  },
  {
    ...{ organization: 'kolkata', series: 'all', wanted: WHOLE },
    widths: [
      {
        seconds: 3_600,
        final: [
          { from: WHOLE.from, to: at('03-15T00:00') },
          { from: at('03-17T00:00'), to: WHOLE.to },
        ],
        provisional: [],
      },
    ],
  },
  {
    ...{ organization: 'havana', series: 'all', wanted: WHOLE },
    widths: [{ seconds: 1_800, final: [WHOLE], provisional: [] }],
  },
  // Read, and never asked.
  {
    ...{
      organization: 'kolkata',
      series: IDLE_SERIES,
      wanted: { from: at('03-20T00:00'), to: at('04-05T00:00') },
    },
    widths: [
      { seconds: 3_600, final: [{ from: at('03-22T00:00'), to: at('04-05T00:00') }], provisional: [] },
    ],
  },
  // In no local day: each bucket is two of them in part.
  {
    ...{ organization: 'berlin', series: 'coarse', wanted: WHOLE },
    widths: [{ seconds: 86_400, final: [{ from: WHOLE.from, to: at('04-07T00:00') }], provisional: [] }],
  },
];

function webhooks(organization: string, from: number, gaps: readonly Stretch[]): KnownStream {
  const final: Stretch[] = [];
  let since = from;
  for (const gap of gaps) {
    final.push({ from: since, to: gap.from });
    since = gap.to;
  }
  final.push({ from: since, to: SETTLED });
  const provisional = [{ from: SETTLED, to: WHOLE.to - HOUR / 2 }];
  const wanted = { from, to: WHOLE.to };
  return { organization, series: 'all', wanted, widths: [{ seconds: 0, final, provisional }] };
}

export function within(stretches: readonly Stretch[], moment: number): boolean {
  return stretches.some(({ from, to }) => from <= moment && moment < to);
}

/** Up to four deliveries in an hour that was read, none in every fifth. */
export function makeDeliveries(): readonly Delivery[] {
  const random = createRandom('known-archive', 'deliveries');
  const deliveries: Delivery[] = [];
  for (const { organization, wanted, widths } of WEBHOOKS) {
    const covered = widths.flatMap(({ final, provisional }) => [...final, ...provisional]);
    for (let hour = WHOLE.from; hour < wanted.to; hour += HOUR) {
      const deliveriesOfHour = (hour / HOUR) % 5 === 0 ? 0 : random.integer(5);
      for (let n = 0; n < deliveriesOfHour; n += 1) {
        const sentAt = hour + random.integer(3_600) * 1_000 + n;
        const code = [200, 200, 204, 200, 503, 404, -1, 0, 429, 302, 599][random.integer(11)] ?? 200;
        const [endpoint, network] = [1 + random.integer(2), 1 + random.integer(2)];
        const delivery = { organization, endpoint, network, alertType: 1 + random.integer(2), sentAt, code };
        if (within(covered, sentAt)) deliveries.push(delivery);
      }
    }
  }
  return deliveries;
}

/** Buckets of what was read, no request in every fifth. */
export function makeBuckets(): readonly Bucket[] {
  const random = createRandom('known-archive', 'buckets');
  return SERIES.flatMap(({ organization, series, widths }) =>
    widths.flatMap(({ seconds, final, provisional }) =>
      [...final, ...provisional].flatMap(({ from, to }) => {
        const buckets: Bucket[] = [];
        for (let start = from; start < to; start += seconds * 1_000) {
          if (series === IDLE_SERIES || (start / (seconds * 1_000)) % 5 === 0) continue;
          for (const code of [200, 429, 502, 404].slice(0, 1 + random.integer(4))) {
            const most = series === 'all' ? 60 : 8;
            buckets.push({ organization, series, seconds, start, code, count: 1 + random.integer(most) });
          }
        }
        return buckets;
      }),
    ),
  );
}

/** An organization as each view has it. Its name is its id with a capital. */
export function organizationOf(id: string) {
  return { organization_id: id, organization_name: `${id.charAt(0).toUpperCase()}${id.slice(1)}` };
}
