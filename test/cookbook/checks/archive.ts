import { DAY, HOUR, hostOf, MINUTE, type Stretch } from '../../known-archive/facts.ts';
import type { Known } from '../../known-archive/known.ts';
import {
  AUDITS,
  CEDAR_DISABLED_SINCE,
  driftSeenAt,
  LATENESS,
  REFUSED,
  runs,
} from '../../known-archive/ledger.ts';
import { ALPENGLOW, DUNE, END, NETWORK_NAMES, REVISED_HOUR } from '../../known-archive/places.ts';
import { presentVerified } from '../../known-archive/present.ts';
import { type Checks, iso, rounded } from '../answers.ts';
import { by, groups, mostly, sum } from '../figures.ts';

const name = (known: Known, stream: { readonly organizationId: string }) =>
  known.organization(stream.organizationId).name;
const length = ({ from, to }: Stretch) => Math.max(0, to - from);

export const ARCHIVE_CHECKS: Checks = {
  'Was it read a second time, and what did that show?': {
    answer: (known, { period }) =>
      AUDITS.filter(({ outcome, at }) => outcome !== 'equal' && at >= period.from && at < period.to).map(
        (audit) => ({
          ...{ organization: name(known, audit), stream: audit.stream, audited_at: iso(audit.at) },
          ...{ audited_from: iso(audit.audited.from), audited_to: iso(audit.audited.to) },
          ...{ rows_compared: audit.compared, rows_missing: audit.missing, rows_surplus: audit.surplus },
          ...{ figures_changed: audit.changed, outcome: audit.outcome },
        }),
      ),
  },

  'Up to when is everything verified?': {
    isOfThePresent: true,
    answer: (known) =>
      [...known.facts.streams]
        .map((stream) => {
          const own = AUDITS.filter(
            (a) =>
              a.organizationId === stream.organizationId &&
              a.stream === stream.stream &&
              stream.series === 'all',
          );
          const differed = own.filter(({ outcome }) => outcome !== 'equal').map(({ at }) => at);
          const latest = (moments: readonly number[]) =>
            moments.length === 0 ? null : iso(Math.max(...moments));
          const isHalf = stream.organizationId === DUNE && stream.stream === 'api_responses';
          return {
            ...{ organization: name(known, stream), stream: stream.stream, series: stream.series },
            verified_through: isHalf ? iso(presentVerified(known.facts.now).to) : null,
            // Of streams that ended long ago, Meraki has nothing any more.
            verified_percent: stream.retiredAt === undefined ? rounded(isHalf ? 50 : 0, 1) : null,
            last_differed_at: latest(differed),
            last_audited_at: latest(own.map(({ at }) => at)),
          };
        })
        .sort(
          by(
            (row) => row.organization,
            (row) => row.stream,
            (row) => row.series,
          ),
        ),
  },

  'Which final figures were changed later?': {
    answer: (known, { organization, period }) => {
      const isAsked = organization === ALPENGLOW && REVISED_HOUR >= period.from && REVISED_HOUR < period.to;
      const revised = {
        ...{ series: 'all', bucket_start: iso(REVISED_HOUR), interval_seconds: 3_600, response_code: 200 },
        request_count: sum(
          known
            .requests({ from: REVISED_HOUR, to: REVISED_HOUR + HOUR }, ALPENGLOW)
            .filter((r) => r.code === 200),
          (r) => r.count,
        ),
        ...{ revision: 1, updated_at: iso(END) },
      };
      return isAsked ? [revised] : [];
    },
  },

  'How late do rows appear?': {
    isOfThePresent: true,
    answer: () =>
      ['7 days', '90 days'].map((period) => ({
        ...{ organization: 'Dune Logistics', period, rows: sum(LATENESS, ({ rows }) => rows) },
        // The first bucket ends at 2^(12/4) seconds; the second one holds the maximum.
        ...{ p50_seconds: rounded(8, 1), p99_seconds: rounded(180, 1), max_seconds: 180 },
        rows_found_late: sum(LATENESS, ({ rowsFoundLate }) => rowsFoundLate),
        rows_after_final: sum(LATENESS, ({ rowsAfterFinal }) => rowsAfterFinal),
      })),
  },

  'What could not be understood?': {
    answer: (known) =>
      REFUSED.map((row) => ({
        ...{ organization: name(known, row), stream: row.stream, reason: row.reason, different_rows: 1 },
        ...{ rows: row.copies, first_seen_at: iso(row.seenAt), last_seen_at: iso(row.seenAt) },
      })),
  },

  'Has Meraki changed its answers?': {
    isOfThePresent: true,
    answer: (known) => [
      {
        ...{ stream: 'webhook_logs', field: 'sharedSecretId', kind: 'unknown', sample_type: 'string' },
        ...{ first_seen_at: iso(driftSeenAt(known.facts.now)), organizations: 1 },
      },
    ],
  },

  'Does the log hold the same delivery twice?': {
    answer: (known, { organization, period }) =>
      known
        .deliveries(period, organization)
        .filter((d) => d.occurrence > 0)
        .sort(by((d) => d.sentAt))
        .map((d) => ({
          ...{ sent_at: iso(d.sentAt), url_host: hostOf(d.url), alert_type: d.alertType, copies: 1 },
          network_name: NETWORK_NAMES.get(d.networkId) ?? null,
        })),
  },

  'How many rows come in a day?': {
    answer: (known, { period }) => {
      const days = length(period) / DAY;
      return known.facts.organizations
        .map(({ id, name: organization }) => {
          const stream = known.stream(id, 'webhook_logs');
          const isThere = stream !== undefined && known.hours(stream, period).length > 0;
          const deliveries = isThere ? known.deliveries(period, id).length : null;
          const counts =
            known.facts.requests.filter(
              (r) => r.organizationId === id && r.bucketStart >= period.from && r.bucketStart < period.to,
            ).length || null;
          return {
            ...{ organization, deliveries_stored: deliveries, counts_stored: counts },
            deliveries_a_day: rounded(deliveries === null ? null : deliveries / days, 1),
            counts_a_day: rounded(counts === null ? null : counts / days, 1),
          };
        })
        .sort(
          by(
            (row) => -(row.deliveries_stored ?? -1),
            (row) => row.organization,
          ),
        );
    },
  },

  'How fresh is it?': {
    isOfThePresent: true,
    answer: (known) =>
      known.facts.streams
        .map((stream) => {
          const { now } = known.facts;
          const until = Math.max(
            ...[...stream.covered.flatMap(({ final }) => final), ...stream.provisional].map(({ to }) => to),
          );
          const due = Math.min(now - stream.expectedLagSeconds * 1_000, stream.retiredAt ?? now);
          const wanted = { from: stream.wantedFrom, to: due };
          return {
            ...{ organization: name(known, stream), stream: stream.stream, series: stream.series, until },
            // Seconds pass between the filling and the asking.
            ...{ covered_until: iso(until), lag_seconds: { about: (now - until) / 1_000 + 150, by: 151 } },
            ...{ last_success_at: iso(now - 5 * MINUTE), last_error: null },
            covered_percent: { about: 100 * known.covered(stream, wanted), by: 0.02 },
          };
        })
        .sort(
          by(
            (row) => row.until,
            (row) => row.organization,
            (row) => row.stream,
            (row) => row.series,
          ),
        )
        .map(({ until: _, ...row }) => row),
  },

  'Which runs failed, and how long did runs wait?': {
    isOfThePresent: true,
    answer: (known) =>
      [...groups(runs(known.facts.now), (run) => run.organizationId)]
        .map(([id, own]) => ({
          ...{ organization: known.organization(id).name, lane: 'live', runs: own.length },
          failed: own.filter(({ outcome }) => outcome === 'failed').length,
          commonest_error: mostly(own.flatMap(({ error }) => (error === null ? [] : [error])).sort()) ?? null,
          ...{ requests: sum(own, (run) => run.requests), rows_new: sum(own, (run) => run.rowsNew) },
          seconds_waited: rounded(sum(own, (run) => run.waitedMs) / 1_000, 1),
        }))
        .sort(by((row) => row.organization)),
  },

  'Which organizations are not being read, and since when?': {
    answer: () => [
      { organization: 'Cedar Clinics', state: 'api_disabled', since: iso(CEDAR_DISABLED_SINCE) },
    ],
  },
};
