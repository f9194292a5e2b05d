/*
 * Report views of deliveries, against what the facts give when they are counted here, with the local clock of the
 * runtime: null where nothing was read, 0 where nothing was sent, and provisional time told apart.
 */
import { beforeAll, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { markStale } from '../../src/db/rollup-stale.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { fillKnownArchive } from '../reports/fill-known-archive.ts';
import {
  ALERT_TYPES,
  type Delivery,
  HOUR,
  LATE,
  makeBuckets,
  makeDeliveries,
  organizationOf,
  WEBHOOKS,
  WHOLE,
  within,
  ZONES,
} from '../reports/known-archive.ts';
import { coveredOf, hoursOf } from '../reports/known-time.ts';
import { localDays, localTime, monthStart } from '../reports/local-time.ts';
import { comparable, grouped, type Row, ratio, time, viewRows } from '../reports/view-rows.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const WEEK = 168 * HOUR;
const HAVANA = { organizationId: 'havana', stream: 'webhook_logs', series: 'all' } as const;

let owned: TestDatabase;
const deliveries = makeDeliveries();
const byHour = grouped(
  deliveries,
  ({ organization, sentAt }) => `${organization} ${Math.floor(sentAt / HOUR)}`,
);

beforeAll(async () => {
  owned = await createTestDatabase();
  await fillKnownArchive(owned.database, deliveries, makeBuckets());
});

const rowsOf = (view: string) => viewRows(owned.database, `select * from meraki.${view}`);
const failed = ({ code }: Delivery) => code < 200 || code > 299;

const sentIn = (organization: string, hour: number) => byHour.get(`${organization} ${hour / HOUR}`) ?? [];

/** Figures of deliveries, or nulls when none came and nothing was read. */
function figures(sent: readonly Delivery[], read: number) {
  const isKnown = sent.length > 0 || read > 0;
  return { deliveries: isKnown ? sent.length : null, failures: isKnown ? sent.filter(failed).length : null };
}

/** Days of an organization, with the deliveries of each. */
function daysOf(organization: string): readonly { date: string; from: number; sent: readonly Delivery[] }[] {
  const own = deliveries.filter((delivery) => delivery.organization === organization);
  return localDays(WHOLE.from, WHOLE.to, ZONES[organization] ?? '').map(({ date, from, to }) => ({
    ...{ date, from },
    sent: own.filter(({ sentAt }) => from <= sentAt && sentAt < to),
  }));
}

test('the archive holds what has to be told apart', () => {
  const kinds = WEBHOOKS.flatMap((stream) =>
    hoursOf(stream).map((hour) => {
      const { read, final } = coveredOf(stream, hour);
      const sent = sentIn(stream.organization, hour.from).length > 0 ? 'some' : 'none';
      return `${read === 0 ? 'unread' : read < HOUR ? 'part' : 'read'} ${final === HOUR ? 'final' : 'provisional'} ${sent}`;
    }),
  );
  expect([...new Set(kinds)].sort()).toEqual([
    'part provisional none',
    'part provisional some',
    'read final none',
    'read final some',
    'read provisional none',
    'read provisional some',
    'unread provisional none',
  ]);
  expect(LATE.map((late) => deliveries.some(({ sentAt }) => within([late], sentAt)))).toEqual([true, true]);
});

test('webhook_week_over_week has each hour beside the one of a week before', async () => {
  const wanted = WEBHOOKS.flatMap((stream) =>
    hoursOf(stream).map((hour): Row => {
      const { organization } = stream;
      const now = coveredOf(stream, hour);
      const before = coveredOf(stream, { from: hour.from - WEEK, to: hour.to - WEEK });
      const present = figures(sentIn(organization, hour.from), now.read);
      const past = figures(sentIn(organization, hour.from - WEEK), before.read);
      const change = ratio(present.deliveries, past.deliveries);
      return {
        ...{ ...organizationOf(organization), bucket_start: time(hour.from), ...present },
        ...{ deliveries_week_before: past.deliveries, failures_week_before: past.failures },
        change_ratio: change === null ? null : change - 1,
        coverage_ratio: now.read / HOUR,
        coverage_ratio_week_before: before.read / HOUR,
        is_final: now.final === HOUR,
        date: localTime(hour.from, ZONES[organization] ?? '').date,
      };
    }),
  );
  expect(await rowsOf('webhook_week_over_week')).toEqual(comparable(wanted));
});

test('webhook_heat_map has the local weekdays and hours of each month', async () => {
  const wanted = WEBHOOKS.flatMap((stream) => {
    const { organization } = stream;
    const zone = ZONES[organization] ?? '';
    const months = new Map<string, string>();
    const cells = grouped(hoursOf(stream), ({ from }) => {
      const { date, weekday, hour } = localTime(from, zone);
      const month = date.slice(0, 7);
      if (!months.has(month)) months.set(month, time(monthStart(from, zone)));
      return JSON.stringify([months.get(month), weekday, hour]);
    });
    return [...cells].map(([key, hours]): Row => {
      const [month, weekday, hourOfDay] = JSON.parse(key) as [string, number, number];
      const read = hours.reduce((sum, hour) => sum + coveredOf(stream, hour).read, 0);
      const sent = hours.flatMap((hour) => sentIn(organization, hour.from));
      const of = figures(sent, read);
      return {
        ...{
          ...organizationOf(organization),
          month_start: month,
          iso_weekday: weekday,
          hour_of_day: hourOfDay,
        },
        ...of,
        covered_hours: read / HOUR,
        deliveries_per_covered_hour: ratio(of.deliveries, read / HOUR),
        success_ratio: ratio(sent.length - sent.filter(failed).length, sent.length),
      };
    });
  });
  expect(wanted.filter(({ month_start }) => month_start === '2026-03-31T22:00:00+00:00').length).toBe(158);
  expect(await rowsOf('webhook_heat_map')).toEqual(comparable(wanted));
});

test('webhook_failure_reasons_daily has the failures of each receiver and local day by code', async () => {
  const phrases = new Map([
    [302, 'Found'],
    [404, 'Not Found'],
    [429, 'Too Many Requests'],
    [503, 'Service Unavailable'],
    [599, 'HTTP 599'],
  ]);
  const wanted = Object.keys(ZONES).flatMap((organization) =>
    daysOf(organization).flatMap(({ date, from, sent }) =>
      [1, 2].flatMap((endpoint) => {
        const own = sent.filter((delivery) => delivery.endpoint === endpoint);
        const failures = own.filter(failed);
        const codes = grouped(failures, ({ code }) => String(code > 0 ? code : null));
        return [...codes].map(([code, of]): Row => {
          const responseCode = JSON.parse(code) as number | null;
          return {
            ...{
              ...organizationOf(organization),
              endpoint_id: String(endpoint),
              bucket_start: time(from),
              date,
            },
            ...{ response_code: responseCode, failures: of.length },
            reason: responseCode === null ? 'no answer' : phrases.get(responseCode),
            failure_share: ratio(of.length, failures.length),
            delivery_share: ratio(of.length, own.length),
            endpoint_key: `${organization}/${endpoint}`,
          };
        });
      }),
    ),
  );
  expect(await rowsOf('webhook_failure_reasons_daily')).toEqual(comparable(wanted));
});

test('the mixes have the alert types and the networks of each local day', async () => {
  const mix = (of: (delivery: Delivery) => number, name: (id: number, organization: string) => Row) =>
    Object.keys(ZONES).flatMap((organization) =>
      daysOf(organization).flatMap(({ date, from, sent }) =>
        [1, 2].flatMap((id): Row[] => {
          const own = sent.filter((delivery) => of(delivery) === id);
          if (own.length === 0) return [];
          return [
            {
              ...{
                ...organizationOf(organization),
                bucket_start: time(from),
                date,
                ...name(id, organization),
              },
              ...{ deliveries: own.length, failures: own.filter(failed).length },
              delivery_share: ratio(own.length, sent.length),
            },
          ];
        }),
      ),
    );
  const alerts = mix(
    ({ alertType }) => alertType,
    (id, organization) => ({ alert_type: ALERT_TYPES[id - 1], alert_type_key: `${organization}/${id}` }),
  );
  expect(await rowsOf('webhook_alert_mix_daily')).toEqual(comparable(alerts));
  const networks = mix(
    ({ network }) => network,
    (id, organization) => ({
      ...{ network_id: `N_${id}`, network_name: id === 1 ? 'Office' : `N_${id}` },
      network_key: `${organization}/N_${id}`,
    }),
  );
  expect(await rowsOf('webhook_network_mix_daily')).toEqual(comparable(networks));
});

test('a month whose first midnight comes twice begins with the first, in rollups and out of facts', async () => {
  const { database } = owned;
  const [from, to] = [Date.parse('2026-10-31T20:00Z'), Date.parse('2026-11-01T20:00Z')];
  const range = { from: instantOfMilliseconds(from), to: instantOfMilliseconds(to) };
  const partitions = new Partitions(database);
  await partitions.ensure('webhook_deliveries', range);
  await database.pool.query(
    `select meraki_store.extend_calendar('America/Havana', '2026-10-01', '2026-12-31')`,
  );
  await database.pool.query(
    `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
       alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at)
     select 'havana', at, 1, 0, 1, 1, 1, at, 200, 10, at
     from generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') at`,
    [new Date(from), new Date(to)],
  );
  const months = () =>
    rowsOf(
      `webhook_heat_map where organization_id = 'havana' and month_start > '2026-09-15' and deliveries > 0`,
    );
  await database.transaction((tx) => markStale(tx, HAVANA, [range], range.to));
  const fromFacts = await months();
  await rollUpAll({ database, partitions, signal: new AbortController().signal }, range.to);
  expect(await months()).toEqual(fromFacts);
  // The hour after midnight is two hours long.
  const cells = fromFacts.map((row) => [row['month_start'], row['hour_of_day'], row['deliveries']]);
  expect(cells.filter(([month]) => month === '2026-10-01T04:00:00+00:00')).toHaveLength(8);
  expect(cells.filter(([month]) => month === '2026-11-01T04:00:00+00:00')).toHaveLength(15);
  expect(cells).toContainEqual(['2026-11-01T04:00:00+00:00', 0, 2]);
});
