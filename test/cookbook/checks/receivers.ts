import { HOUR, hostOf, MINUTE, succeeded } from '../../known-archive/facts.ts';
import { endpointId, type Known } from '../../known-archive/known.ts';
import { BIRCH, DUNE } from '../../known-archive/places.ts';
import { FAILING_URL, SILENT_URL, WORKING_URL } from '../../known-archive/present.ts';
import { type Checks, iso, ratio, rounded } from '../answers.ts';
import { by, groups, type Outage, outages, percentile, sum } from '../figures.ts';

const failed = (delivery: { code: number }) => !succeeded(delivery);

export const RECEIVER_CHECKS: Checks = {
  'Which receiver failed most in this period, and when?': {
    answer: (known, { period }) =>
      known.facts.organizations
        .flatMap(({ id, name }) =>
          [...groups(known.deliveries(known.days(period, id), id), (d) => d.url)].map(([url, own]) => {
            const days = [...groups(own.filter(failed), (d) => known.date(d.sentAt, id))].map(
              ([date, { length }]) => ({ date, length }),
            );
            days.sort(
              by(
                (d) => -d.length,
                (d) => d.date,
              ),
            );
            const failures = own.filter(failed).length;
            return {
              ...{ organization_name: name, url_host: hostOf(url), deliveries: own.length, failures },
              failed_percent: rounded((100 * failures) / own.length, 2),
              ...{ worst_day: days[0]?.date ?? null, failures_that_day: days[0]?.length ?? 0 },
            };
          }),
        )
        .filter(({ failures }) => failures > 0)
        .sort(by((row) => -row.failures)),
  },

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

  'Which receivers are new, and which are gone?': {
    set: () => ({ organization: BIRCH, from: '2024-12-01', to: '2025-10-01' }),
    answer: (known, { organization, period }) => {
      const receivers = [
        ...groups(
          known.facts.deliveries.filter((d) => d.organizationId === organization),
          (d) => d.url,
        ),
      ].map(([url, own]) => ({ url, moments: own.map((d) => d.sentAt) }));
      const told = receivers.map(({ url, moments }) => {
        const { protocol, host } = new URL(url);
        return {
          receiver: `${protocol}//${host}/***`,
          first: Math.min(...moments),
          last: Math.max(...moments),
        };
      });
      const inside = (moment: number) => moment >= period.from && moment < period.to;
      return [
        ...told.filter(({ last }) => inside(last)).map((row) => ({ what: 'gone', ...row })),
        ...told.filter(({ first }) => inside(first)).map((row) => ({ what: 'new', ...row })),
      ]
        .sort(
          by(
            (row) => row.what,
            (row) => row.receiver,
          ),
        )
        .map(({ what, receiver, first, last }) => ({
          ...{ what, receiver, first_seen_at: iso(first), last_seen_at: iso(last) },
        }));
    },
  },

  'Why do deliveries fail?': {
    answer: (known, { organization, period }) => {
      const all = known.deliveries(period, organization).filter(failed);
      return [...groups(all, (d) => `${d.url} ${d.code}`).values()]
        .map((own) => ({
          url_host: hostOf(own[0]?.url ?? ''),
          response_code: own[0]?.code === -1 ? null : (own[0]?.code ?? null),
          reason: REASONS.get(own[0]?.code ?? 0) ?? null,
          failures: own.length,
          percent_of_failures: rounded((100 * own.length) / all.length, 1),
        }))
        .sort(by((row) => -row.failures));
    },
  },

  'Did receivers of several customers fail at the same time?': {
    answer: (known, { period }) =>
      [...groups(known.deliveries(period), (d) => `${hostOf(d.url)} ${Math.floor(d.sentAt / HOUR)}`).values()]
        .map((all) => {
          const failing = new Set(all.filter(failed).map(endpointId));
          const own = all.filter((d) => failing.has(endpointId(d)));
          const [one] = own;
          return {
            url_host: hostOf(one?.url ?? 'https://none/'),
            bucket_start: iso(Math.floor((one?.sentAt ?? 0) / HOUR) * HOUR),
            customers: new Set(own.map((d) => d.organizationId)).size,
            ...{ deliveries: own.length, failures: own.filter(failed).length },
          };
        })
        .filter((row) => row.customers >= 2)
        .sort(
          by(
            (row) => -row.failures,
            (row) => row.bucket_start,
          ),
        )
        .slice(0, 10),
  },

  'Which alerts never got through?': {
    answer: (known, { organization, period }) => {
      const all = known.deliveries({ ...period, to: period.to + HOUR }, organization);
      const alerts = groups(all, (d) => `${d.url} ${d.networkId} ${d.alertType}`);
      return [...alerts.values()]
        .flatMap((own) =>
          own.filter(
            (d) =>
              failed(d) &&
              d.sentAt < period.to &&
              !own.some((e) => succeeded(e) && e.sentAt >= d.sentAt && e.sentAt <= d.sentAt + HOUR),
          ),
        )
        .sort(by((d) => d.sentAt))
        .slice(0, 200)
        .map((d) => ({
          ...{ sent_at: iso(d.sentAt), url_host: hostOf(d.url), alert_type: d.alertType },
          network_name: known.facts.networkNames.get(d.networkId) ?? d.networkId,
          response_code: d.code === -1 ? null : d.code,
        }));
    },
  },

  'Are failed alerts sent again, and does that help?': {
    answer: (known, { organization, period }) => {
      const alerts = groups(
        known.deliveries(period, organization),
        (d) => `${d.url} ${d.networkId} ${d.alertType}`,
      );
      const told = [...alerts.values()].flatMap((own) => {
        const inOrder = [...own].sort(
          by(
            (d) => d.sentAt,
            (d) => d.occurrence,
          ),
        );
        return inOrder.map((d, index) => ({ d, next: inOrder[index + 1] })).filter(({ d }) => failed(d));
      });
      return [...groups(told, ({ d }) => d.url)]
        .map(([url, own]) => {
          const followed = own.filter(
            ({ d, next }) => next !== undefined && next.sentAt <= d.sentAt + 10 * MINUTE,
          );
          return {
            ...{ url_host: hostOf(url), failed: own.length, followed: followed.length },
            followed_by_success: followed.filter(({ next }) => next !== undefined && succeeded(next)).length,
          };
        })
        .sort(by((row) => -row.failed));
    },
  },

  'How do the receivers compare?': {
    answer: (known, { organization, period }) => {
      const stream = known.stream(organization, 'webhook_logs');
      const dates = known.dates(period, organization);
      const inPart = dates.filter(
        (date) => stream === undefined || known.covered(stream, known.day(date, organization)) < 1,
      );
      return known
        .receivers(period, organization)
        .map((url) => {
          const own = known.deliveries(period, organization).filter((d) => d.url === url);
          const busy = new Set(own.map((d) => known.date(d.sentAt, organization)));
          return {
            ...{
              url_host: hostOf(url),
              deliveries: own.length,
              no_response: own.filter((d) => d.code === -1).length,
            },
            success_percent: rounded(ratio(100 * own.filter(succeeded).length, own.length), 2),
            client_errors: own.filter((d) => d.code >= 400 && d.code < 500).length,
            server_errors: own.filter((d) => d.code >= 500).length,
            mean_ms: rounded(
              ratio(
                sum(own, (d) => d.durationMs),
                own.length,
              ),
            ),
            max_ms: own.length === 0 ? null : Math.max(...own.map((d) => d.durationMs)),
            idle_days: dates.filter((date) => !busy.has(date)).length,
            days_not_wholly_known: inPart.length,
          };
        })
        .sort(by((row) => -row.deliveries));
    },
  },

  'Was this receiver idle that day, or was nothing read?': {
    set: () => ({ from: '2025-03-01 Europe/Berlin', to: '2025-04-01 Europe/Berlin' }),
    answer: (known, variables) => {
      const { organization, period } = variables;
      const stream = known.stream(organization, 'webhook_logs');
      if (stream === undefined) return [];
      const own = known
        .deliveries(period, organization)
        .filter((d) => hostOf(d.url) === variables.text('host'));
      return known.dates(period, organization).map((date) => {
        const deliveries = own.filter((d) => known.date(d.sentAt, organization) === date).length;
        const share = known.covered(stream, known.day(date, organization));
        return {
          ...{ date, url_host: variables.text('host'), deliveries: share > 0 ? deliveries : null },
          known_percent: rounded(100 * share, 1),
          what: share === 0 ? 'not known' : share < 1 ? 'known in part' : deliveries === 0 ? 'idle' : 'final',
        };
      });
    },
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

const REASONS: ReadonlyMap<number, string> = new Map([
  [-1, 'no answer'],
  [400, 'Bad Request'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
]);

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
