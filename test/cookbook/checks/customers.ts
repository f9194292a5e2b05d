import { DAY, HOUR, hostOf, type Stretch, succeeded } from '../../known-archive/facts.ts';
import type { Known } from '../../known-archive/known.ts';
import { DUNE } from '../../known-archive/places.ts';
import { type Checks, nearly, ratio, rounded } from '../answers.ts';
import { by, groups, outages, ranked, sum } from '../figures.ts';

const OBJECTIVE = 99.5;

export const CUSTOMER_CHECKS: Checks = {
  'How do the customers compare?': {
    answer: (known, { period }) =>
      known.facts.organizations
        .map(({ id, name, state }) => {
          const deliveries = known.deliveries(period, id);
          const requests = known.requests(period, id);
          const [all, refused] = [
            sum(requests, (r) => r.count),
            sum(
              requests.filter((r) => r.code === 429),
              (r) => r.count,
            ),
          ];
          const stream = known.stream(id, 'webhook_logs');
          const hours = stream === undefined ? [] : known.hours(stream, period);
          const share = stream === undefined ? 0 : sum(hours, (hour) => known.covered(stream, hour));
          const isPast = hours.length > 0;
          return {
            ...{ organization: name, state, deliveries: isPast ? deliveries.length : null },
            success_percent: rounded(ratio(100 * deliveries.filter(succeeded).length, deliveries.length), 2),
            ...{
              requests: requests.length > 0 ? all : null,
              refused_percent: rounded(ratio(100 * refused, all), 2),
            },
            known_percent: rounded(ratio(100 * share, hours.length), 1),
          };
        })
        .sort(
          by(
            (row) => -(row.deliveries ?? -1),
            (row) => row.organization,
          ),
        ),
  },

  'What goes into the SLA report of a month?': {
    set: () => ({ from: '2025-12-01 Europe/Berlin', to: '2026-01-01 Europe/Berlin' }),
    answer: (known, { organization, period }) => {
      const all = known.facts.deliveries.filter((d) => d.organizationId === organization);
      const broken = outages(all).filter(
        (o) => o.startedAt < period.to && (o.endedAt ?? known.facts.now) > period.from,
      );
      const stream = known.stream(organization, 'webhook_logs');
      const share = stream === undefined ? 0 : known.covered(stream, period);
      return known
        .receivers(period, organization)
        .map((url) => {
          const own = known.deliveries(period, organization).filter((d) => d.url === url);
          const success = ratio(100 * own.filter(succeeded).length, own.length);
          const judged = success === null ? 'nothing to judge' : success >= OBJECTIVE ? 'met' : 'missed';
          const breaks = broken.filter((o) => o.url === url);
          const failing = sum(
            breaks,
            (o) => Math.min(o.endedAt ?? known.facts.now, period.to) - Math.max(o.startedAt, period.from),
          );
          return {
            ...{ organization_name: known.organization(organization).name, url_host: hostOf(url) },
            ...{ deliveries: own.length, success_percent: rounded(success, 2), outages: breaks.length },
            hours_failing: rounded(failing / HOUR, 2),
            p95_ms:
              own.length === 0
                ? null
                : nearly(
                    ranked(
                      own.map((d) => d.durationMs),
                      0.95,
                    ),
                    1,
                  ),
            known_percent: rounded(100 * share, 2),
            verdict: `${judged}${share < 1 ? ', of what is known' : ''}`,
          };
        })
        .sort(by((row) => row.success_percent?.about ?? 101));
    },
  },

  'Which customers need attention now?': {
    isOfThePresent: true,
    answer: (known) => {
      const receivers = (id: string) =>
        groups(
          known.facts.deliveries.filter((d) => d.organizationId === id),
          (d) => d.url,
        );
      const recent = known.deliveries({ from: known.facts.now - DAY, to: known.facts.now }, DUNE).length;
      return known.facts.organizations
        .filter(({ id }) => receivers(id).size > 0)
        .map(({ id, name }) => ({
          ...{ organization: name, receivers: receivers(id).size, degraded: 0 },
          // One of the present's receivers fails, one was last asked five days ago; all others ended with the year.
          ...{ failing: id === DUNE ? 1 : 0, quiet_or_silent: id === DUNE ? 1 : receivers(id).size },
          // Deliveries of the minute that the archive was filled in may have left the day since.
          deliveries_24h: id === DUNE ? { about: recent, by: 2 } : 0,
        }))
        .sort(
          by(
            (row) => -row.failing,
            (row) => row.organization,
          ),
        );
    },
  },

  'What did each customer use, month by month?': {
    answer: (known, { period }) =>
      known.facts.organizations
        .flatMap(({ id, name }) => {
          const dates = known.dates(period, id);
          return [...new Set(dates.map((date) => date.slice(0, 7)))].map((month) => {
            const own = dates.filter((date) => date.startsWith(month));
            const span = { from: known.day(own[0] ?? '', id).from, to: known.day(own.at(-1) ?? '', id).to };
            return {
              ...{ month, organization: name },
              deliveries: isKnown(known, id, 'webhook_logs', span) ? known.deliveries(span, id).length : null,
              requests: isKnown(known, id, 'api_responses', span)
                ? sum(known.requests(span, id), (r) => r.count)
                : null,
            };
          });
        })
        .filter((row) => row.deliveries !== null || row.requests !== null)
        .sort(
          by(
            (row) => row.month,
            (row) => row.organization,
          ),
        ),
  },
};

function isKnown(known: Known, id: string, name: 'webhook_logs' | 'api_responses', span: Stretch): boolean {
  const stream = known.stream(id, name);
  return stream !== undefined && known.covered(stream, span) > 0;
}
