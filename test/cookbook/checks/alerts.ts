import { DAY, type Delivery, HOUR, hostOf, type Stretch, succeeded } from '../../known-archive/facts.ts';
import type { Known } from '../../known-archive/known.ts';
import { hourOfDay, isoWeekday } from '../../known-archive/local-time.ts';
import { ALPENGLOW, NETWORK_NAMES, RENAMED } from '../../known-archive/places.ts';
import { type Checks, iso, ratio, rounded } from '../answers.ts';
import { by, groups, sum } from '../figures.ts';
import { statusClass } from './status-class.ts';

const failures = (own: readonly Delivery[]) => own.filter((d) => !succeeded(d)).length;
const hourOf = (d: Delivery) => Math.floor(d.sentAt / HOUR) * HOUR;

export const ALERT_CHECKS: Checks = {
  'Which networks make the most noise?': {
    answer: (known, { organization, period }) => {
      const all = known.deliveries(period, organization);
      return [...groups(all, (d) => d.networkId)]
        .map(([network, own]) => ({
          ...{
            network_name: NETWORK_NAMES.get(network) ?? network,
            deliveries: own.length,
            failures: failures(own),
          },
          percent_of_deliveries: rounded((100 * own.length) / all.length, 1),
        }))
        .sort(by((row) => -row.deliveries));
    },
  },

  'Which alert types never succeed?': {
    answer: (known, { organization, period }) =>
      [...groups(known.deliveries(period, organization), (d) => `${hostOf(d.url)}\n${d.alertType}`)]
        .filter(([, own]) => own.length >= 10 && failures(own) === own.length)
        .map(([key, own]) => ({
          ...{
            url_host: key.split('\n')[0] ?? '',
            alert_type: key.split('\n')[1] ?? '',
            deliveries: own.length,
          },
          answers: [...new Set(own.map((d) => statusClass(d.code)))].sort().join(', '),
        }))
        .sort(by((row) => -row.deliveries)),
  },

  'Which alert types grew most?': {
    answer: (known, { organization, period }) => {
      const before = known.days({ from: 2 * period.from - period.to, to: period.from }, organization);
      const [earlier, later] = [
        known.deliveries(before, organization),
        known.deliveries(period, organization),
      ];
      return [...new Set([...earlier, ...later].map((d) => d.alertType))]
        .map((alertType) => {
          const count = (all: readonly Delivery[]) =>
            all.filter((d) => d.alertType === alertType).length || null;
          const [was, is] = [count(earlier), count(later)];
          const times = was === null || is === null ? null : rounded(is / was, 2);
          return { alert_type: alertType, before: was, now: is, times };
        })
        .sort(by((row) => -(row.now ?? 0)));
    },
  },

  'Which alert types were heard of for the first time?': {
    answer: (known, { organization, period }) => {
      const all = known.facts.deliveries.filter((d) => d.organizationId === organization);
      return [...groups(all, (d) => d.alertType)]
        .map(([alertType, own]) => ({ alertType, first: Math.min(...own.map((d) => d.sentAt)) }))
        .filter(({ first }) => first >= period.from && first < period.to)
        .map(({ alertType, first }) => ({ alert_type: alertType, first_seen_at: iso(first) }));
    },
  },

  'When were there alert storms, and what was it?': {
    answer: (known, { organization, period }) => {
      const hours = groups(known.deliveries(period, organization), hourOf);
      const wholly = wholeHours(known, organization, period);
      const mean = sum(wholly, ({ from }) => hours.get(from)?.length ?? 0) / wholly.length;
      return wholly
        .map(({ from }) => ({ from, own: hours.get(from) ?? [] }))
        .filter(({ own }) => own.length > 10 * mean)
        .map(({ from, own }) => {
          const mix = [...groups(own, (d) => `${NETWORK_NAMES.get(d.networkId)}\n${d.alertType}`)];
          mix.sort(
            by(
              ([, some]) => -some.length,
              ([key]) => key,
            ),
          );
          const [key = '', most = []] = mix[0] ?? [];
          return {
            ...{ bucket_start: iso(from), deliveries: own.length, of_these: most.length },
            ...{ network_name: key.split('\n')[0] ?? '', alert_type: key.split('\n')[1] ?? '' },
            times_the_mean: rounded(own.length / mean, 1),
          };
        })
        .sort(
          by(
            (row) => -row.deliveries,
            (row) => row.bucket_start,
          ),
        );
    },
  },

  'Which was the busiest hour?': {
    answer: (known, { organization, period }) =>
      [...groups(known.deliveries(period, organization), hourOf)]
        .map(([hour, own]) => ({
          ...{ bucket_start: iso(hour), deliveries: own.length, failures: failures(own) },
          success_percent: rounded(100 - (100 * failures(own)) / own.length, 1),
        }))
        .sort(
          by(
            (row) => -row.deliveries,
            (row) => row.bucket_start,
          ),
        )
        .slice(0, 5),
  },

  'On which weekdays and hours do alerts come?': {
    answer: (known, { organization, period }) => {
      const { zone } = known.organization(organization);
      const stream = known.stream(organization, 'webhook_logs');
      const place = (moment: number) => `${isoWeekday(moment, zone)} ${hourOfDay(moment, zone)}`;
      const months = known.months(period, organization);
      const cells = groups(known.deliveries(months, organization), (d) => place(d.sentAt));
      const hours = stream === undefined ? [] : known.hours(stream, months);
      return [...groups(hours, ({ from }) => place(from))]
        .map(([key, some]) => {
          const own = cells.get(key) ?? [];
          const covered = sum(some, (hour) => (stream === undefined ? 0 : known.covered(stream, hour)));
          const failed = ratio(100 * failures(own), own.length);
          return {
            ...{ iso_weekday: Number(key.split(' ')[0]), hour_of_day: Number(key.split(' ')[1]) },
            ...{ deliveries_per_hour: rounded(own.length / covered, 2), failed_percent: rounded(failed, 1) },
            known_hours: rounded(covered, 2),
          };
        })
        .sort(
          by(
            (row) => row.iso_weekday,
            (row) => row.hour_of_day,
          ),
        );
    },
  },

  'What changed since last week?': {
    answer: (known, { organization, period }) => {
      const all = groups(
        known.facts.deliveries.filter((d) => d.organizationId === organization),
        hourOf,
      );
      const both = wholeHours(known, organization, period).filter(
        (hour) =>
          wholeHours(known, organization, { from: hour.from - 7 * DAY, to: hour.to - 7 * DAY }).length === 1,
      );
      return [...groups(both, ({ from }) => known.date(from, organization))]
        .map(([date, hours]) => {
          const deliveries = sum(hours, ({ from }) => all.get(from)?.length ?? 0);
          const before = sum(hours, ({ from }) => all.get(from - 7 * DAY)?.length ?? 0);
          return {
            ...{ date, hours_compared: hours.length, deliveries, week_before: before },
            change_percent: rounded(ratio(100 * (deliveries - before), before), 1),
          };
        })
        .sort(by((row) => row.date));
    },
  },

  'How does this year compare with the last, month by month?': {
    answer: (known, { organization, period }) => {
      const stream = known.stream(organization, 'webhook_logs');
      if (stream === undefined) return [];
      const month = (moment: number) => known.date(moment, organization).slice(0, 7);
      const span = { from: stream.wantedFrom, to: period.to };
      const own = groups(known.deliveries(span, organization), (d) => month(d.sentAt));
      const hours = groups(known.hours(stream, span), ({ from }) => month(from));
      const figures = (name: string) => {
        const some = hours.get(name) ?? [];
        const covered = sum(some, (hour) => known.covered(stream, hour));
        return { deliveries: own.get(name)?.length ?? 0, covered, hours: some.length };
      };
      return [...hours.keys()]
        .map((name) => ({ name, before: `${Number(name.slice(0, 4)) - 1}${name.slice(4)}` }))
        .filter(({ before }) => hours.has(before))
        .map(({ name, before }) => {
          const [is, was] = [figures(name), figures(before)];
          const change = is.deliveries / is.covered / (was.deliveries / was.covered) - 1;
          return {
            ...{ month: name, deliveries: is.deliveries, year_before: was.deliveries },
            known_percent: rounded((100 * is.covered) / is.hours, 1),
            known_percent_year_before: rounded((100 * was.covered) / was.hours, 1),
            change_percent_per_hour: rounded(100 * change, 1),
          };
        });
    },
  },

  'Which networks fell silent?': {
    answer: (known, { organization, period }) =>
      [...groups(known.deliveries(period, organization), (d) => d.networkId)]
        .map(([network, own]) => {
          const last = Math.max(...own.map((d) => d.sentAt));
          const day = known.date(last, organization);
          return { network, own, day, begins: known.day(day, organization).from };
        })
        .filter(({ begins }) => begins < (period.from + period.to) / 2)
        .map(({ network, own, day }) => ({
          ...{ network_name: NETWORK_NAMES.get(network) ?? network, deliveries: own.length, last_day: day },
        })),
  },

  'Which networks were renamed?': {
    answer: (_known, { organization, period }) =>
      RENAMED.filter(({ at }) => organization === ALPENGLOW && at >= period.from && at < period.to).map(
        ({ networkId, from, to, at }) => ({
          ...{ network_id: networkId, old_name: from, new_name: to, noticed_at: iso(at) },
        }),
      ),
  },
};

function wholeHours(known: Known, organization: string, period: Stretch): Stretch[] {
  const stream = known.stream(organization, 'webhook_logs');
  if (stream === undefined) return [];
  return known.hours(stream, period).filter((hour) => known.covered(stream, hour) === 1);
}
