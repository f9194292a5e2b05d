import { randomUUID } from 'node:crypto';
import { saveAudit } from '../../src/db/audits.ts';
import type { Database } from '../../src/db/database.ts';
import { addLateness } from '../../src/db/lateness.ts';
import { quarantineRows } from '../../src/db/quarantine.ts';
import { recordDrift } from '../../src/db/schema-drift.ts';
import { noCounts, saveRun } from '../../src/db/sync-runs.ts';
import { addVerified } from '../../src/db/verified-time.ts';
import { instantOfMilliseconds as instant } from '../../src/instant.ts';
import { DAY, type Facts } from './facts.ts';
import { AUDITS, CEDAR_DISABLED_SINCE, driftSeenAt, LATENESS, REFUSED, runs } from './ledger.ts';
import { CEDAR, DUNE } from './places.ts';
import { presentVerified } from './present.ts';

/** What the archive knows of its own work: audits, refused rows, runs, late rows, states, odd fields. */
export async function fillLedger(database: Database, facts: Facts): Promise<void> {
  const { query } = database;
  for (const { organizationId, stream, ...audit } of AUDITS) {
    const audited = { from: instant(audit.audited.from), to: instant(audit.audited.to) };
    await saveAudit(query, {
      ...{ auditId: randomUUID(), key: { organizationId, stream, series: 'all' }, audited, error: null },
      ...{
        intervalSeconds: stream === 'webhook_logs' ? 0 : 3_600,
        auditedAt: instant(audit.at),
        requests: 2,
      },
      ...{ rowsCompared: audit.compared, rowsMissing: audit.missing, rowsSurplus: audit.surplus },
      ...{ figuresChanged: audit.changed, outcome: audit.outcome },
      repaired: audit.outcome === 'repaired' ? audit.missing : 0,
    });
  }
  for (const { organizationId, stream, ...row } of REFUSED) {
    const refused = { ...row, sentAt: row.sentAt === null ? null : instant(row.sentAt) };
    const asked = { from: instant(row.seenAt - DAY), to: instant(row.seenAt) };
    const key = { organizationId, stream, series: 'all' };
    const terms = { asked, limit: Number.POSITIVE_INFINITY };
    await database.transaction((tx) => quarantineRows(tx, key, [refused], terms, instant(row.seenAt)));
  }
  for (const { organizationId, stream, startedAt, outcome, error, ...figures } of runs(facts.now)) {
    const counts = { ...noCounts, ...figures, pages: figures.requests };
    const times = { startedAt: instant(startedAt), finishedAt: instant(startedAt + 60_000) };
    const key = { organizationId, stream, series: 'all' };
    await saveRun(query, { runId: randomUUID(), key, lane: 'live', counts, outcome, error, ...times });
  }
  const dune = { organizationId: DUNE, stream: 'webhook_logs' as const, series: 'all' };
  await database.transaction(async (tx) => {
    await addLateness(tx, dune, LATENESS, instant(facts.now));
    const drift = { field: 'sharedSecretId', kind: 'unknown' as const, sampleType: 'string' as const };
    const span = presentVerified(facts.now);
    const verified = [{ from: instant(span.from), to: instant(span.to) }];
    const buckets = { ...dune, stream: 'api_responses' as const };
    await addVerified(tx, buckets, 120, verified, verified, instant(facts.now));
    await recordDrift(tx, dune, [drift], instant(driftSeenAt(facts.now)));
  });
  await database.pool.query(
    `update meraki_ingest.organization_states set since = $2 where organization_id = $1`,
    [CEDAR, new Date(CEDAR_DISABLED_SINCE)],
  );
}
