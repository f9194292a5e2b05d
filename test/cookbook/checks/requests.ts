import { DAY, HOUR, type Requests, type Stretch } from '../../known-archive/facts.ts';
import type { Known } from '../../known-archive/known.ts';
import { hourOfDay } from '../../known-archive/local-time.ts';
import { ALPENGLOW, AUTOMATION, DUNE, OWN_AGENT } from '../../known-archive/places.ts';
import { type Checks, iso, ratio, rounded } from '../answers.ts';
import { by, groups, sum } from '../figures.ts';

const count = (own: readonly Requests[]) => sum(own, (r) => r.count);
const refused = (own: readonly Requests[]) => count(own.filter((r) => r.code === 429));
const bad = (own: readonly Requests[]) => count(own.filter((r) => r.code === 429 || r.code >= 500));
const OBJECTIVE = 0.999;

export const REQUEST_CHECKS: Checks = {
  'At which hour of the day does a heavy job disturb least?': {
    answer: (known, { organization, period }) => {
      const { zone } = known.organization(organization);
      const stream = known.stream(organization, 'api_responses');
      const months = known.months(period, organization);
      const own = groups(known.requests(months, organization), (r) => hourOfDay(r.bucketStart, zone));
      const hours = stream === undefined ? [] : known.hours(stream, months);
      return [...groups(hours, ({ from }) => hourOfDay(from, zone))]
        .map(([hour, some]) => {
          const covered = sum(some, (stretch) => coverage(known, organization, stretch));
          const requests = own.get(hour) ?? [];
          return {
            ...{ hour_of_day: hour, requests_per_hour: rounded(count(requests) / covered, 1) },
            refused_percent: rounded(ratio(100 * refused(requests), count(requests)), 2),
          };
        })
        .sort(by((row) => row.requests_per_hour?.about ?? 0));
    },
  },

  'How much of the error budget is left?': {
    answer: (known, { period }) =>
      known.facts.organizations.flatMap(({ id, name, zone }) => {
        if (known.stream(id, 'api_responses') === undefined || zone === 'America/New_York') return [];
        const date = known.dates({ from: period.to - 2 * DAY, to: period.to }, id).at(-1) ?? '';
        const thirty = known.dates({ from: period.to - 40 * DAY, to: period.to }, id).slice(-30);
        const span = {
          from: known.day(thirty[0] ?? '', id).from,
          to: known.day(date, id).to,
        };
        const own = known.requests(span, id);
        const allowed = count(own) * (1 - OBJECTIVE);
        return [
          {
            ...{ organization: name, series: 'all', date, objective: OBJECTIVE, requests_30d: count(own) },
            ...{ bad_requests_30d: bad(own), budget_requests_30d: Math.floor(allowed) },
            left_percent: rounded(100 * (1 - bad(own) / allowed), 1),
          },
        ];
      }),
  },

  'Does the error budget burn too fast right now?': {
    set: (known) => ({ to: iso(lastHour(known)) }),
    isOfThePresent: true,
    answer: (known, variables) =>
      known.facts.organizations
        .filter(({ id }) => id === DUNE)
        .map(({ id, name }) => {
          const to = variables.moment('to');
          const burn = (hours: number) => {
            const own = known.requests({ from: to - hours * HOUR, to }, id);
            const failed = ratio(bad(own), count(own));
            return failed === null ? null : failed / (1 - OBJECTIVE);
          };
          const [one, six] = [burn(1), burn(6)];
          return {
            ...{ organization: name, burn_last_hour: rounded(one ?? Number.NaN, 2) },
            burn_last_6_hours: rounded(six ?? Number.NaN, 2),
            alarm: one === null || six === null ? null : one > 14.4 && six > 6,
          };
        }),
  },

  'Which answers became more frequent?': {
    answer: (known, { organization, period }) => {
      const before = known.days({ from: 2 * period.from - period.to, to: period.from }, organization);
      const [was, is] = [known.requests(before, organization), known.requests(period, organization)];
      return [...new Set([...was, ...is].map((r) => r.code))]
        .map((code) => {
          const of = (all: readonly Requests[]) => count(all.filter((r) => r.code === code));
          return {
            ...{ response_code: code, before: of(was) || null, now: of(is) || null },
            percent_before: rounded(of(was) === 0 ? null : (100 * of(was)) / count(was), 3),
            percent_now: rounded(of(is) === 0 ? null : (100 * of(is)) / count(is), 3),
          };
        })
        .sort(by((row) => -(row.now ?? 0)));
    },
  },

  'What does the archive itself cost?': {
    answer: (known, { organization, period }) =>
      organization !== ALPENGLOW
        ? []
        : byMonth(known, organization, known.requests(period, organization)).map(([month, all]) => {
            const own = known
              .requests(period, organization, OWN_AGENT)
              .filter((r) => known.date(r.bucketStart, organization).startsWith(month));
            return {
              ...{ month, own_requests: count(own), all_requests: count(all) },
              own_percent: rounded((100 * count(own)) / count(all), 2),
            };
          }),
  },

  'How many requests does each series make, month by month?': {
    answer: (known, { organization, period }) =>
      byMonth(known, organization, known.requests(period, organization)).map(([month, all]) => {
        const own = known
          .requests(period, organization, AUTOMATION)
          .filter((r) => known.date(r.bucketStart, organization).startsWith(month));
        return {
          ...{ month, all_requests: count(all), of_series: own.length === 0 ? null : count(own) },
          series_percent: own.length === 0 ? null : rounded((100 * count(own)) / count(all), 1),
        };
      }),
  },

  'Did API use change since last week?': {
    set: () => ({ from: '2025-10-01 Europe/Berlin', to: '2025-10-20 Europe/Berlin' }),
    answer: (known, { organization, period }) => {
      const stream = known.stream(organization, 'api_responses');
      const all = groups(
        known.facts.requests.filter((r) => r.organizationId === organization && r.series === 'all'),
        hourOf,
      );
      const isWhole = (from: number) => coverage(known, organization, { from, to: from + HOUR }) === 1;
      const hours = stream === undefined ? [] : known.hours(stream, period);
      const both = hours.filter(({ from }) => isWhole(from) && isWhole(from - 7 * DAY));
      return [...groups(both, ({ from }) => known.date(from, organization))].map(([date, some]) => {
        const now = some.flatMap(({ from }) => all.get(from) ?? []);
        const before = some.flatMap(({ from }) => all.get(from - 7 * DAY) ?? []);
        return {
          ...{ date, requests: count(now), week_before: count(before), refused: refused(now) },
          refused_week_before: refused(before),
          change_percent: rounded((100 * (count(now) - count(before))) / count(before), 1),
        };
      });
    },
  },
};

/** The last full hour of the organization that is asked in the present. */
function lastHour(known: Known): number {
  const own = known.facts.requests.filter((r) => r.organizationId === DUNE);
  return Math.floor((Math.max(...own.map((r) => r.bucketStart)) + 120_000) / HOUR) * HOUR;
}

function coverage(known: Known, organization: string, stretch: Stretch): number {
  const stream = known.stream(organization, 'api_responses');
  return stream === undefined ? 0 : known.covered(stream, stretch);
}

function hourOf(request: Requests): number {
  return Math.floor(request.bucketStart / HOUR) * HOUR;
}

function byMonth(known: Known, organization: string, own: readonly Requests[]): [string, Requests[]][] {
  return [...groups(own, (r) => known.date(r.bucketStart, organization).slice(0, 7))];
}
