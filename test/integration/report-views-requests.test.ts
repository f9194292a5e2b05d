/*
 * Report views of API requests, against what the facts give when they are counted here, with the local clock of the
 * runtime: null where nothing was read in buckets that fit, 0 where nobody asked, and provisional time told apart.
 */
import { beforeAll, expect, test } from 'vitest';
import { fillKnownArchive } from '../reports/fill-known-archive.ts';
import {
  type Bucket,
  HOUR,
  type KnownStream,
  makeBuckets,
  OWN_SERIES,
  organizationOf,
  SERIES,
  type Stretch,
  ZONES,
} from '../reports/known-archive.ts';
import { coveredOf, hoursOf } from '../reports/known-time.ts';
import { localDays, localTime, monthStart } from '../reports/local-time.ts';
import { comparable, grouped, type Row, ratio, time, viewRows } from '../reports/view-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const WEEK = 168 * HOUR;
/** As in the archive's settings. */
const OBJECTIVE = 0.9;
const fitsHours = (seconds: number) => 3_600 % seconds === 0;

let owned: TestDatabase;
const buckets = makeBuckets();
const bySeries = grouped(buckets, ({ organization, series }) => `${organization}/${series}`);

beforeAll(async () => {
  owned = await createTestDatabase();
  await fillKnownArchive(owned.database, [], buckets);
});

const rowsOf = (view: string, columns = '*') =>
  viewRows(owned.database, `select ${columns} from meraki.${view}`);

interface Figures extends Stretch {
  readonly requests: number | null;
  readonly limited: number | null;
  readonly bad: number | null;
  /** Share of the time. */
  readonly read: number;
  readonly isFinal: boolean;
  /** Requests a second in the busiest bucket. */
  readonly peak: number;
}

/** Of a stretch, from buckets that lie wholly in it. */
function figuresOf(stream: KnownStream, stretch: Stretch, fits = (_seconds: number) => true): Figures {
  const own = bySeries.get(`${stream.organization}/${stream.series}`) ?? [];
  const inside = own.filter(
    ({ start, seconds }) => fits(seconds) && start >= stretch.from && start + seconds * 1_000 <= stretch.to,
  );
  const { read, final } = coveredOf(stream, stretch, fits);
  const sum = (of: (bucket: Bucket) => boolean) =>
    read === 0 ? null : inside.filter(of).reduce((total, { count }) => total + count, 0);
  const perBucket = grouped(inside, ({ start }) => String(start));
  const peaks = [...perBucket.values()].map((codes) =>
    codes.reduce((total, { count, seconds }) => total + count / seconds, 0),
  );
  const length = stretch.to - stretch.from;
  return {
    ...stretch,
    requests: sum(() => true),
    limited: sum(({ code }) => code === 429),
    bad: sum(({ code }) => code === 429 || code >= 500),
    ...{ read: read / length, isFinal: final === length, peak: Math.max(...peaks) },
  };
}

const hourly = new Map(
  SERIES.map((stream) => [stream, hoursOf(stream).map((hour) => figuresOf(stream, hour, fitsHours))]),
);
const daily = new Map(
  SERIES.map((stream) => {
    const days = localDays(stream.wanted.from, stream.wanted.to, ZONES[stream.organization] ?? '');
    return [stream, days.map((day) => ({ ...figuresOf(stream, day), date: day.date }))];
  }),
);

/** One row for each element of a stream's series of figures. */
function rowsFor<T>(
  figures: ReadonlyMap<KnownStream, readonly T[]>,
  row: (figures: T, stream: KnownStream, zone: string, all: readonly T[]) => Row | undefined,
): readonly Row[] {
  const rows = [...figures].flatMap(([stream, all]) =>
    all.flatMap((one) => {
      const { organization, series } = stream;
      const made = row(one, stream, ZONES[organization] ?? '', all);
      return made === undefined ? [] : [{ ...organizationOf(organization), series, ...made }];
    }),
  );
  return comparable(rows);
}

const bounds = ({ from, read, isFinal }: Figures, zone: string): Row => ({
  ...{ bucket_start: time(from), date: localTime(from, zone).date },
  ...{ coverage_ratio: read, is_final: isFinal },
});

test('the archive holds what has to be told apart', () => {
  const kindsOf = (figures: ReadonlyMap<KnownStream, readonly Figures[]>) =>
    [
      ...new Set(
        [...figures.values()].flat().map(({ requests, read, isFinal }) => {
          const known = requests === null ? 'null' : requests === 0 ? '0' : 'some';
          return `${known} ${read === 0 ? 'unread' : read < 1 ? 'part' : 'read'} ${isFinal ? 'final' : 'not'}`;
        }),
      ),
    ].sort();
  expect(kindsOf(hourly)).toEqual([
    '0 read final',
    'null unread not',
    'some part not',
    'some read final',
    'some read not',
  ]);
  // Kolkata's days begin within a bucket, and are never read whole.
  expect(kindsOf(daily)).toEqual(['0 part not', 'null unread not', 'some part not', 'some read final']);
});

test('api_week_over_week has each hour beside the one of a week before', async () => {
  const wanted = rowsFor(hourly, (hour, stream, zone) => {
    const before = figuresOf(stream, { from: hour.from - WEEK, to: hour.to - WEEK }, fitsHours);
    const change = ratio(hour.requests, before.requests);
    return {
      ...{ requests: hour.requests, rate_limited_429: hour.limited, ...bounds(hour, zone) },
      ...{ requests_week_before: before.requests, rate_limited_429_week_before: before.limited },
      change_ratio: change === null ? null : change - 1,
      coverage_ratio_week_before: before.read,
    };
  });
  expect(await rowsOf('api_week_over_week')).toEqual(wanted);
});

test('api_heat_map has the local weekdays and hours of each month', async () => {
  const wanted = [...hourly].flatMap(([{ organization, series }, hours]) => {
    const zone = ZONES[organization] ?? '';
    const cells = grouped(hours, ({ from }) => {
      const { date, weekday, hour } = localTime(from, zone);
      return JSON.stringify([date.slice(0, 7), weekday, hour]);
    });
    return [...cells.values()].map((of): Row => {
      const first = of[0]?.from ?? 0;
      const { weekday, hour } = localTime(first, zone);
      const covered = of.reduce((sum, { read }) => sum + read, 0);
      const sum = (counts: readonly (number | null)[]) =>
        covered === 0 ? null : counts.reduce<number>((total, count) => total + (count ?? 0), 0);
      const requests = sum(of.map((figures) => figures.requests));
      return {
        ...{ ...organizationOf(organization), series, month_start: time(monthStart(first, zone)) },
        ...{ iso_weekday: weekday, hour_of_day: hour, requests },
        rate_limited_429: sum(of.map(({ limited }) => limited)),
        covered_hours: covered,
        requests_per_covered_hour: ratio(requests, covered),
      };
    });
  });
  expect(await rowsOf('api_heat_map')).toEqual(comparable(wanted));
});

test('api_error_budget_hourly has the share of bad requests by the objective', async () => {
  const wanted = rowsFor(hourly, (hour, _stream, zone) => {
    const badRatio = ratio(hour.bad, hour.requests);
    return {
      ...{ ...bounds(hour, zone), objective: OBJECTIVE, requests: hour.requests, bad_requests: hour.bad },
      ...{ bad_ratio: badRatio, burn_rate: ratio(badRatio, 0.1) },
    };
  });
  expect(await rowsOf('api_error_budget_hourly')).toEqual(wanted);
});

test('api_error_budget_daily adds up 30 local days, and what of them is known', async () => {
  const wanted = rowsFor(daily, (day, _stream, zone, days) => {
    const badRatio = ratio(day.bad, day.requests);
    const place = days.indexOf(day);
    const known = days.slice(Math.max(0, place - 29), place + 1).filter(({ requests }) => requests !== null);
    const sum = (of: (figures: Figures) => number | null) =>
      known.length === 0 ? null : known.reduce((total, figures) => total + (of(figures) ?? 0), 0);
    const [requests, bad] = [sum((figures) => figures.requests), sum((figures) => figures.bad)];
    const used = ratio(bad, requests);
    return {
      ...{ ...bounds(day, zone), objective: OBJECTIVE, requests: day.requests, bad_requests: day.bad },
      ...{ bad_ratio: badRatio, burn_rate: ratio(badRatio, 0.1) },
      ...{ requests_30d: requests, bad_requests_30d: bad },
      // Tenths may fail: whole requests, and 10 of them let 1 fail.
      budget_requests_30d: requests === null ? null : Math.floor(requests / 10),
      budget_left_ratio_30d: used === null ? null : 1 - used * 10,
    };
  });
  expect(new Set(wanted.map((row) => row['requests_30d'])).has(null)).toBe(true);
  expect(wanted.some((row) => row['requests_30d'] === 0 && row['requests'] === 0)).toBe(true);
  expect(await rowsOf('api_error_budget_daily')).toEqual(wanted);
});

test('without the setting the objective is 0.999', async () => {
  await owned.database.pool.query(`delete from meraki_ingest.settings where name = 'api_objective'`);
  try {
    for (const view of ['api_error_budget_hourly', 'api_error_budget_daily']) {
      expect(await rowsOf(view, 'distinct objective')).toEqual([{ objective: 0.999 }]);
    }
  } finally {
    await owned.database.pool.query(`insert into meraki_ingest.settings values ('api_objective', '0.9')`);
  }
});

test('api_series_daily and api_own_share_daily have each series beside all', async () => {
  const allOf = (organization: string, date: string) => {
    const all = SERIES.find((stream) => stream.organization === organization && stream.series === 'all');
    return all && daily.get(all)?.find((day) => day.date === date);
  };
  const wanted = rowsFor(daily, (day, { organization }, zone) => {
    const all = allOf(organization, day.date);
    return {
      ...{ ...bounds(day, zone), requests: day.requests, rate_limited_429: day.limited },
      share_of_all: ratio(day.requests, all?.requests),
      rate_limited_share_of_all: ratio(day.limited, all?.limited),
    };
  });
  expect(await rowsOf('api_series_daily')).toEqual(wanted);
  const own = rowsFor(daily, (day, { organization, series }, zone) => {
    if (series !== OWN_SERIES) return undefined;
    const all = allOf(organization, day.date);
    const { is_final: _, ...shown } = bounds(day, zone);
    const share = ratio(day.requests, all?.requests);
    return { ...shown, own_requests: day.requests, all_requests: all?.requests, own_share: share };
  });
  expect(own.length).toBeGreaterThan(30);
  expect(await rowsOf('api_own_share_daily')).toEqual(own);
});

test('api_busiest_hours has 24 hours of each local month, in order', async () => {
  const wanted = [...hourly].flatMap(([{ organization, series }, hours]) => {
    const zone = ZONES[organization] ?? '';
    const asked = hours.filter(({ requests }) => (requests ?? 0) > 0);
    const months = grouped(asked, ({ from }) => localTime(from, zone).date.slice(0, 7));
    return [...months.values()].flatMap((month) =>
      [...month]
        .sort((a, b) => (b.requests ?? 0) - (a.requests ?? 0) || a.from - b.from)
        .slice(0, 24)
        .map(
          (hour, place): Row => ({
            ...{ ...organizationOf(organization), series, month_start: time(monthStart(hour.from, zone)) },
            ...{ rank: place + 1, bucket_start: time(hour.from), requests: hour.requests },
            mean_share: ratio(hour.requests, 36_000 * hour.read),
            peak_per_second: hour.peak,
          }),
        ),
    );
  });
  expect(await rowsOf('api_busiest_hours')).toEqual(comparable(wanted));
});
