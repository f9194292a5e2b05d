import { HOUR, hostOf, MINUTE, succeeded } from '../../known-archive/facts.ts';
import type { Known } from '../../known-archive/known.ts';
import { DUNE } from '../../known-archive/places.ts';
import { FAILING_URL, SILENT_URL, WORKING_URL } from '../../known-archive/present.ts';
import { type Checks, iso, rounded } from '../answers.ts';
import { by, groups, type Outage, outages, percentile, sum } from '../figures.ts';

export const OUTAGE_CHECKS: Checks = {
  'When did each receiver last work?': {
    set: () => ({ organization: DUNE }),
    isOfThePresent: true,
    answer: (known, { organization }) =>
      [SILENT_URL, FAILING_URL, WORKING_URL].map((url) => {
        const own = known.facts.deliveries.filter((d) => d.organizationId === organization && d.url === url);
        const last = (wanted: boolean) => {
          const moments = own.filter((d) => succeeded(d) === wanted).map((d) => d.sentAt);
          return moments.length === 0 ? null : Math.max(...moments);
        };
        const [success, failure] = [last(true), last(false)];
        return {
          url_host: hostOf(url),
          state: url === WORKING_URL ? 'healthy' : url === FAILING_URL ? 'failing' : 'quiet',
          last_delivery_at: iso(Math.max(...own.map((d) => d.sentAt))),
          last_success_at: success === null ? null : iso(success),
          last_failure_at: failure === null ? null : iso(failure),
          consecutive_failures: own.filter((d) => d.sentAt > (success ?? 0)).length,
        };
      }),
  },

  'Which were the longest outages?': {
    answer: (known, { organization, period }) =>
      outagesOf(known, organization)
        .filter((o) => o.startedAt < period.to && (o.endedAt ?? known.facts.now) > period.from)
        .sort(
          by(
            (o) => o.startedAt - (o.endedAt ?? known.facts.now),
            (o) => o.startedAt,
          ),
        )
        .slice(0, 10)
        .map((o) => ({
          ...{ url_host: hostOf(o.url), started_at: iso(o.startedAt) },
          ...{ ended_at: o.endedAt === null ? null : iso(o.endedAt), failures: o.failures },
          ...{ last_response_code: o.lastCode, hours: openHours(known, o) },
        })),
  },

  'How often does each receiver break, and how long until it works again?': {
    answer: (known, { organization, period }) =>
      byReceiver(outagesOf(known, organization).filter((o) => within(o, period)))
        .map(([url, own]) => {
          const minutes = own.filter((o) => o.endedAt !== null).map((o) => lasted(o) / MINUTE);
          return {
            ...{ url_host: hostOf(url), outages: own.length, still_open: own.length - minutes.length },
            mean_minutes: rounded(sum(minutes, (m) => m) / minutes.length, 1),
            median_minutes: rounded(percentile(minutes, 0.5), 1),
            longest_minutes: rounded(Math.max(...minutes), 1),
          };
        })
        .sort(by((row) => -row.outages)),
  },

  'For what share of the time did each receiver work?': {
    answer: (known, { organization, period }) =>
      byReceiver(
        outagesOf(known, organization).filter(
          (o) => o.startedAt < period.to && (o.endedAt ?? known.facts.now) > period.from,
        ),
      )
        .map(([url, own]) => {
          const failing = sum(own, (o) => cut(known, o, period));
          return {
            ...{ url_host: hostOf(url), outages: own.length, hours_failing: rounded(failing / HOUR, 2) },
            percent_of_time_working: rounded(100 * (1 - failing / (period.to - period.from)), 3),
          };
        })
        .sort(by((row) => -(row.hours_failing?.about ?? 0))),
  },

  'Which receivers flap?': {
    answer: (known, { organization, period }) =>
      byReceiver(outagesOf(known, organization).filter((o) => within(o, period)))
        .flatMap(([url, own]) =>
          [...groups(own, (o) => known.date(o.startedAt, organization))].map(([day, some]) => ({
            ...{ url_host: hostOf(url), day, outages: some.length, failures: sum(some, (o) => o.failures) },
            first_outage: iso(Math.min(...some.map((o) => o.startedAt))),
            last_outage: iso(Math.max(...some.map((o) => o.startedAt))),
          })),
        )
        .filter((row) => row.outages >= 5)
        .sort(
          by(
            (row) => -row.outages,
            (row) => row.day,
          ),
        ),
  },

  'Which receivers have just begun to fail, or went silent?': {
    isOfThePresent: true,
    answer: (known) => {
      const own = (url: string) => known.facts.deliveries.filter((d) => d.url === url);
      const lastSuccess = Math.max(
        ...own(FAILING_URL)
          .filter(succeeded)
          .map((d) => d.sentAt),
      );
      const failing = own(FAILING_URL).filter((d) => d.sentAt > lastSuccess);
      const silent = Math.max(...own(SILENT_URL).map((d) => d.sentAt));
      return [
        {
          ...{ organization: 'Dune Logistics', kind: 'began_to_fail', url_host: hostOf(FAILING_URL) },
          ...{ since: iso(Math.min(...failing.map((d) => d.sentAt))), failures: failing.length },
          ...{ last_success_at: iso(lastSuccess), deliveries_per_day_before: { about: 48, by: 0.25 } },
        },
        {
          ...{ organization: 'Dune Logistics', kind: 'went_silent', url_host: hostOf(SILENT_URL) },
          ...{ since: iso(silent), failures: 0, last_success_at: iso(silent) },
          deliveries_per_day_before: { about: 48, by: 0.25 },
        },
      ];
    },
  },
};

function outagesOf(known: Known, organizationId: string): Outage[] {
  return outages(known.facts.deliveries.filter((d) => d.organizationId === organizationId));
}

function byReceiver(all: readonly Outage[]): [string, Outage[]][] {
  return [...groups(all, (o) => o.url)];
}

function within(outage: Outage, period: { from: number; to: number }): boolean {
  return outage.startedAt >= period.from && outage.startedAt < period.to;
}

function lasted(outage: Outage): number {
  return (outage.endedAt ?? Number.NaN) - outage.startedAt;
}

/** Hours of an outage; of one that goes on, as many as passed while the tests ran, too. */
function openHours(known: Known, outage: Outage) {
  const hours = ((outage.endedAt ?? known.facts.now) - outage.startedAt) / HOUR;
  return outage.endedAt === null ? { about: hours, by: 0.5 } : rounded(hours, 1);
}

function cut(known: Known, outage: Outage, period: { from: number; to: number }): number {
  const to = Math.min(outage.endedAt ?? known.facts.now, period.to);
  return to - Math.max(outage.startedAt, period.from);
}
