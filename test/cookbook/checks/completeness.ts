import { DAY, HOUR, type StreamFacts, type Stretch } from '../../known-archive/facts.ts';
import type { Known } from '../../known-archive/known.ts';
import { type Checks, iso, rounded } from '../answers.ts';
import { by, groups, sum } from '../figures.ts';

const name = (known: Known, stream: { readonly organizationId: string }) =>
  known.organization(stream.organizationId).name;
const overlap = (a: Stretch, b: Stretch) => ({ from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) });
const length = ({ from, to }: Stretch) => Math.max(0, to - from);

export const COMPLETENESS_CHECKS: Checks = {
  'Which time of the last year is missing, and why?': {
    set: () => ({ from: '2025-01-01', to: '2026-01-01' }),
    answer: (known, { period }) =>
      lost(known, period)
        .map(({ stream, stretch, reason }) => ({
          ...{
            organization: name(known, stream),
            stream: stream.stream,
            series: stream.series,
            state: 'lost',
          },
          ...{ reason, missing_from: iso(stretch.from), missing_to: iso(stretch.to) },
          hours: rounded(length(stretch) / HOUR, 2),
        }))
        .sort(
          by(
            (row) => row.missing_from,
            (row) => row.organization,
            (row) => row.stream,
            (row) => row.series,
          ),
        ),
  },

  'Which hours are missing, one by one?': {
    set: () => ({ from: '2025-01-01', to: '2026-01-01' }),
    answer: (known, { organization, period }) => {
      const stream = known.stream(organization, 'webhook_logs');
      const hours = stream === undefined ? [] : known.hours(stream, period);
      return hours.flatMap((hour) => {
        const share = stream === undefined ? 0 : known.covered(stream, hour);
        if (share === 1) return [];
        const reason = stream?.lost.find((stretch) => length(overlap(stretch, hour)) > 0)?.reason ?? null;
        const deliveries = share === 0 ? null : known.deliveries(hour, organization).length;
        return [{ bucket_start: iso(hour.from), known_percent: rounded(100 * share, 1), deliveries, reason }];
      });
    },
  },

  'How complete is the archive, month by month, for an auditor?': {
    answer: (known, { organization, period }) =>
      streamsOf(known, organization)
        .flatMap((stream) =>
          [
            ...groups(known.hours(stream, period), ({ from }) => known.date(from, organization).slice(0, 7)),
          ].map(([month, hours]) => {
            const covered = sum(hours, (hour) => known.covered(stream, hour));
            return {
              ...{ stream: stream.stream, series: stream.series, month, hours: hours.length },
              hours_covered: rounded(covered, 2),
              hours_final: hours.filter((hour) => known.isFinal(stream, hour)).length,
              covered_percent: rounded((100 * covered) / hours.length, 3),
            };
          }),
        )
        .sort(
          by(
            (row) => row.stream,
            (row) => row.series,
            (row) => row.month,
          ),
        ),
  },

  'When will the archive lose data?': {
    isOfThePresent: true,
    answer: (known) => {
      const { now } = known.facts;
      return [
        {
          ...{ organization: 'Dune Logistics', stream: 'webhook_logs', series: 'all' },
          ...{ gap_from: iso(now - 20 * DAY), gap_to: iso(now - 19 * DAY), deadline: iso(now + 10 * DAY) },
          hours_left: { about: 240, by: 0.5 },
        },
      ];
    },
  },

  'How much was lost, for which reasons?': {
    set: () => ({ from: '2025-01-01', to: '2026-01-01' }),
    answer: (known, { period }) =>
      [
        ...groups(
          lost(known, period),
          ({ stream, reason }) => `${name(known, stream)}\n${stream.stream}\n${reason}`,
        ),
      ]
        .map(([key, own]) => {
          const [organization = '', stream = '', reason = ''] = key.split('\n');
          const hours = sum(own, ({ stretch }) => length(stretch)) / HOUR;
          return {
            organization,
            stream,
            reason,
            stretches: own.length,
            hours: rounded(hours, 2),
            recovered: 0,
          };
        })
        .sort(
          by(
            (row) => -(row.hours?.about ?? 0),
            (row) => row.organization,
            (row) => row.stream,
          ),
        ),
  },

  'Which figures may still change?': {
    answer: (known, { organization, period }) =>
      streamsOf(known, organization).flatMap((stream) => {
        const hours = known
          .hours(stream, period)
          .filter((hour) => known.covered(stream, hour) === 1 && !known.isFinal(stream, hour));
        if (hours.length === 0) return [];
        return [
          {
            ...{ stream: stream.stream, series: stream.series, hours: hours.length },
            ...{ first_hour: iso(hours[0]?.from ?? 0), last_hour: iso(hours.at(-1)?.from ?? 0) },
            provisional_amount: sum(hours, (hour) => known.deliveries(hour, organization).length),
          },
        ];
      }),
  },
};

function streamsOf(known: Known, organization: string): StreamFacts[] {
  return known.facts.streams.filter((stream) => stream.organizationId === organization);
}

function lost(known: Known, period: Stretch) {
  return known.facts.streams.flatMap((stream) =>
    stream.lost
      .map(({ reason, ...stretch }) => ({ stream, reason, stretch: overlap(stretch, period) }))
      .filter(({ stretch }) => length(stretch) > 0),
  );
}
