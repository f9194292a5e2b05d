import { HOUR, hostOf, MINUTE, succeeded } from '../../known-archive/facts.ts';
import { endpointId } from '../../known-archive/known.ts';
import { BIRCH } from '../../known-archive/places.ts';
import { type Checks, iso, ratio, rounded } from '../answers.ts';
import { by, groups, sum } from '../figures.ts';

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

  'What were the last 100 deliveries of all organizations?': {
    answer: (known, { period }) =>
      known
        .deliveries(period)
        .sort(by((d) => -d.sentAt))
        .slice(0, 100)
        .map((d) => ({
          ...{ sent_at: iso(d.sentAt), organization_name: known.organization(d.organizationId).name },
          ...{ url_host: hostOf(d.url), alert_type: d.alertType },
          network_name: known.facts.networkNames.get(d.networkId) ?? d.networkId,
          ...{ response_code: d.code === -1 ? null : d.code, response_duration_ms: d.durationMs },
        })),
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
    set: () => ({ from: '2025-03-01 Europe/Berlin', to: '2026-01-01 Europe/Berlin' }),
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
        const settled = known.isFinal(stream, known.day(date, organization)) ? 'final' : 'may still change';
        return {
          ...{ date, url_host: variables.text('host'), deliveries: share > 0 ? deliveries : null },
          known_percent: rounded(100 * share, 1),
          what: share === 0 ? 'not known' : share < 1 ? 'known in part' : deliveries === 0 ? 'idle' : settled,
        };
      });
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
