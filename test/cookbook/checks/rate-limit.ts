import { DAY, HOUR, type Requests, type Stretch } from '../../known-archive/facts.ts';
import type { Known } from '../../known-archive/known.ts';
import { AUTOMATION, OWN_AGENT } from '../../known-archive/places.ts';
import { type Checks, iso, ratio, rounded } from '../answers.ts';
import { by, groups, sum } from '../figures.ts';

const count = (own: readonly Requests[]) => sum(own, (r) => r.count);
const refused = (own: readonly Requests[]) => count(own.filter((r) => r.code === 429));

export const RATE_LIMIT_CHECKS: Checks = {
  'Who caused the 429s?': {
    answer: (known, { organization, period }) => {
      const all = refused(known.requests(period, organization));
      return ['all', AUTOMATION, OWN_AGENT]
        .filter((series) => known.stream(organization, 'api_responses', series) !== undefined)
        .map((series) => {
          const own = known.requests(period, organization, series);
          const days = [...groups(own, (r) => known.date(r.bucketStart, organization))]
            .map(([date, some]) => ({ date, refused: refused(some) }))
            .sort(
              by(
                (d) => -d.refused,
                (d) => d.date,
              ),
            );
          return {
            ...{ series, requests: count(own), refused: refused(own), worst_day: days[0]?.date ?? null },
            percent_of_own_requests: rounded(ratio(100 * refused(own), count(own)), 2),
            percent_of_all_refused: rounded(ratio(100 * refused(own), all), 1),
          };
        })
        .sort(
          by(
            (row) => -row.refused,
            (row) => row.series,
          ),
        );
    },
  },

  'Would we have kept within the rate limit with twice the automations?': {
    answer: (known, { organization, period }) => {
      if (known.stream(organization, 'api_responses', AUTOMATION) === undefined) return [];
      const part = groups(known.requests(period, organization, AUTOMATION), (r) => r.bucketStart);
      const total = groups(known.requests(period, organization), (r) => r.bucketStart);
      const buckets = [...total].map(([at, own]) => {
        const seconds = own[0]?.seconds ?? 0;
        const share = count(own) / (10 * seconds);
        return { seconds, share, doubled: share + count(part.get(at) ?? []) / (10 * seconds) };
      });
      return [...groups(buckets, (b) => b.seconds)]
        .map(([seconds, own]) => ({
          ...{ interval_seconds: seconds, busy_buckets: own.length },
          over_the_limit: own.filter((b) => b.share > 1).length,
          over_it_then: own.filter((b) => b.doubled > 1).length,
          highest_share: rounded(Math.max(...own.map((b) => b.share)), 3),
          highest_share_then: rounded(Math.max(...own.map((b) => b.doubled)), 3),
        }))
        .sort(by((row) => row.interval_seconds));
    },
  },

  'How near to the rate limit are we, day by day?': {
    answer: (known, { organization, period }) =>
      known.dates(period, organization).flatMap((date) => {
        const day = known.day(date, organization);
        const stream = known.stream(organization, 'api_responses');
        if (stream === undefined || day.to <= stream.wantedFrom) return [];
        const own = known.requests(day, organization);
        const share = coverage(known, organization, day);
        const peak = Math.max(...buckets(own).map((some) => count(some) / (10 * (some[0]?.seconds ?? 0))));
        return [
          {
            ...{ date, requests: count(own), refused: refused(own) },
            mean_percent: rounded((100 * count(own)) / (((day.to - day.from) / 100) * share), 1),
            ...{ peak_percent: rounded(100 * peak, 1), known_percent: rounded(100 * share, 1) },
          },
        ];
      }),
  },

  'Which were the busiest hours of each month?': {
    answer: (known, { organization, period }) => {
      const months = known.months(period, organization);
      const hours = [...groups(known.requests(months, organization), hourOf)].map(([hour, own]) => ({
        ...{ hour, own, month: known.date(hour, organization).slice(0, 7) },
      }));
      return [...groups(hours, ({ month }) => month)].flatMap(([month, some]) =>
        some
          .sort(
            by(
              ({ own }) => -count(own),
              ({ hour }) => hour,
            ),
          )
          .slice(0, 3)
          .map(({ hour, own }, index) => {
            const share = coverage(known, organization, { from: hour, to: hour + HOUR });
            const peak = Math.max(...buckets(own).map((bucket) => count(bucket) / (bucket[0]?.seconds ?? 0)));
            return {
              ...{ month, rank: index + 1, bucket_start: iso(hour), requests: count(own) },
              mean_percent: rounded((100 * count(own)) / (36_000 * share), 1),
              peak_per_second: rounded(peak, 2),
            };
          }),
      );
    },
  },

  'In how many hours of each week were requests refused?': {
    answer: (known, { organization, period }) => {
      const stream = known.stream(organization, 'api_responses');
      const hours = stream === undefined ? [] : known.hours(stream, period);
      const own = groups(known.requests(period, organization), hourOf);
      return [...groups(hours, ({ from }) => mondayOf(known.date(from, organization)))].map(
        ([week, some]) => {
          const figures = some.map(({ from }) => own.get(from) ?? []);
          const shares = figures.filter((f) => count(f) > 0).map((f) => refused(f) / count(f));
          return {
            ...{ week, known_hours: some.filter((hour) => coverage(known, organization, hour) > 0).length },
            hours_with_refusals: figures.filter((f) => refused(f) > 0).length,
            ...{ refused: sum(figures, refused), worst_hour_percent: rounded(100 * Math.max(...shares), 2) },
          };
        },
      );
    },
  },
};

function coverage(known: Known, organization: string, stretch: Stretch): number {
  const stream = known.stream(organization, 'api_responses');
  return stream === undefined ? 0 : known.covered(stream, stretch);
}

function buckets(own: readonly Requests[]): Requests[][] {
  return [...groups(own, (r) => r.bucketStart).values()];
}

function hourOf(request: Requests): number {
  return Math.floor(request.bucketStart / HOUR) * HOUR;
}

function mondayOf(date: string): string {
  const day = Date.parse(`${date}T00:00:00Z`);
  return new Date(day - ((new Date(day).getUTCDay() + 6) % 7) * DAY).toISOString().slice(0, 10);
}
