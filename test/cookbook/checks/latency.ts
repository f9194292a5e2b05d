import { DAY, type Delivery, hostOf } from '../../known-archive/facts.ts';
import { type Checks, iso, nearly, type Row, rounded } from '../answers.ts';
import { by, groups, percentile, ranked } from '../figures.ts';

const durations = (own: readonly Delivery[]) => own.map((d) => d.durationMs);

/** As read from a histogram: within 4.5 % of a duration that occurred. */
function fromHistogram(own: readonly Delivery[]): Row {
  const p = (share: number) => nearly(ranked(durations(own), share), 1);
  return { deliveries: own.length, p50_ms: p(0.5), p95_ms: p(0.95), p99_ms: p(0.99) };
}

export const LATENCY_CHECKS: Checks = {
  'What was the p95 of each month, for two years?': {
    answer: (known, variables) => {
      const { organization, period } = variables;
      const stream = known.stream(organization, 'webhook_logs');
      const own = known.facts.deliveries.filter(
        (d) => d.organizationId === organization && hostOf(d.url) === variables.text('host'),
      );
      const since = Math.min(...own.map((d) => d.sentAt));
      const { to } = known.months({ from: since - 31 * DAY, to: period.to }, organization);
      const dates = known.dates({ from: since - DAY, to }, organization);
      const lived = dates.filter((date) => known.day(date, organization).to > since);
      const months = groups(lived, (date) => date.slice(0, 7));
      return [...months].map(([month, days]) => {
        const of = own.filter((d) => known.date(d.sentAt, organization).startsWith(month));
        const [first, last] = [days[0] ?? '', days.at(-1) ?? ''];
        const span = { from: known.day(first, organization).from, to: known.day(last, organization).to };
        const p = (share: number) => (of.length === 0 ? null : nearly(percentile(durations(of), share)));
        return {
          ...{ month, url_host: variables.text('host'), deliveries: of.length },
          ...{ p50_ms: p(0.5), p95_ms: p(0.95), p99_ms: p(0.99) },
          known_percent: rounded(100 * (stream === undefined ? 0 : known.covered(stream, span)), 1),
        };
      });
    },
  },

  'What was the p95 of all receivers together, month by month?': {
    answer: (known, { organization, period }) =>
      [
        ...groups(known.deliveries(period, organization), (d) =>
          known.date(d.sentAt, organization).slice(0, 7),
        ),
      ]
        .map(([month, own]) => ({ month, ...fromHistogram(own) }))
        .sort(by((row) => row.month)),
  },

  'What is the p95 of each receiver over any stretch of days?': {
    answer: (known, { organization, period }) =>
      [...groups(known.deliveries(period, organization), (d) => d.url)]
        .map(([url, own]) => ({
          url_host: hostOf(url),
          ...fromHistogram(own),
          p95: ranked(durations(own), 0.95),
        }))
        .sort(by((row) => -row.p95))
        .map(({ p95: _, ...row }) => row),
  },

  'Did a receiver become slower after a date?': {
    answer: (known, variables) => {
      const change = variables.moment('change');
      const { organization } = variables;
      const span = { from: change - 28 * DAY, to: change + 28 * DAY };
      const median = (own: readonly Delivery[]) => ranked(durations(own), 0.5);
      return [...groups(known.deliveries(span, organization), (d) => d.url)]
        .map(([url, own]) => {
          const before = median(own.filter((d) => d.sentAt < change));
          const after = median(own.filter((d) => d.sentAt >= change));
          const row = {
            url_host: hostOf(url),
            p50_before_ms: nearly(before, 1),
            p50_after_ms: nearly(after, 1),
          };
          // Both medians may be off by as much.
          return { ...row, times: { about: after / before, by: (after / before) * 0.091 + 0.005 } };
        })
        .sort(by((row) => -row.times.about));
    },
  },

  'How many deliveries took longer than five seconds?': {
    answer: (known, { organization, period }) =>
      [...groups(known.deliveries(period, organization), (d) => d.url)]
        .map(([url, own]) => {
          const slow = own.filter((d) => d.durationMs > 5_000);
          return {
            ...{ url_host: hostOf(url), deliveries: own.length, slow: slow.length },
            slow_without_answer: slow.filter((d) => d.code === -1).length,
            slow_percent: rounded((100 * slow.length) / own.length, 2),
          };
        })
        .sort(by((row) => -row.slow)),
  },

  'Which deliveries were the slowest that still got an answer?': {
    answer: (known, { organization, period }) =>
      known
        .deliveries(period, organization)
        .filter((d) => d.code !== -1)
        .sort(
          by(
            (d) => -d.durationMs,
            (d) => d.sentAt,
          ),
        )
        .slice(0, 10)
        .map((d) => ({
          ...{ sent_at: iso(d.sentAt), url_host: hostOf(d.url), alert_type: d.alertType },
          network_name: known.facts.networkNames.get(d.networkId) ?? d.networkId,
          ...{ response_code: d.code, response_duration_ms: d.durationMs },
        })),
  },
};
