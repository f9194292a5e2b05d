import { sql } from 'drizzle-orm';
import { lockCoverage, saveCoverage } from '../../../src/db/coverage.ts';
import type { Database } from '../../../src/db/database.ts';
import { saveLostStretch } from '../../../src/db/lost-time.ts';
import { recordSuccess } from '../../../src/db/stream-standing.ts';
import { rememberStream } from '../../../src/db/streams.ts';
import { addVerified } from '../../../src/db/verified-time.ts';
import { formatInstant, instantOfSeconds } from '../../../src/instant.ts';
import { intersect, type Ranges, subtract, union } from '../../../src/ranges.ts';
import type { StreamKey } from '../../../src/stream-key.ts';
import type { PlannedArchive } from './archive-options.ts';
import { BUCKET_SECONDS } from './count-history.ts';
import type { Customer } from './customer.ts';
import { missingOf, type PlannedGap } from './gaps.ts';
import { type PlannedStream, streamsOf } from './streams.ts';

const SECOND = instantOfSeconds(1);
const DAY = 86_400 * SECOND;
const SETTLED_AFTER = 900 * SECOND;
const BUCKET = BUCKET_SECONDS * SECOND;

/** Writes what the program would know of its streams: coverage up to now, what was lost and why, and its runs. */
export async function fillLedger(
  database: Database,
  archive: PlannedArchive,
  customers: readonly Customer[],
  gaps: readonly PlannedGap[],
): Promise<void> {
  for (const customer of customers) {
    for (const stream of streamsOf(customer)) {
      await fillStream(database, archive, stream, missingOf(gaps, customer.index, stream.key.stream));
    }
  }
  await saveLosses(database, archive, customers, gaps);
}

async function fillStream(
  database: Database,
  archive: PlannedArchive,
  stream: PlannedStream,
  missing: Ranges,
): Promise<void> {
  const { key, bucketSeconds, everySeconds, settleSeconds, lookbackSeconds } = stream;
  const { from, now } = archive;
  const grid = bucketSeconds === 0 ? 1 : BUCKET;
  const end = Math.floor(now / grid) * grid;
  const settled = Math.floor((now - SETTLED_AFTER) / grid) * grid;
  const final = subtract([{ from, to: settled }], missing);
  const provisional = subtract([{ from: settled, to: end }], missing);
  const counted = bucketSeconds === 0 ? [] : union(final, provisional);
  await rememberStream(
    database,
    key,
    { wantedFrom: from, lookbackSeconds, expectedLagSeconds: 2 * everySeconds + settleSeconds },
    from,
  );
  await database.transaction(async (tx) => {
    await lockCoverage(tx, key, [bucketSeconds], now);
    await saveCoverage(tx, key, bucketSeconds, { final, provisional, counted }, now);
    const verified = intersect(final, [{ from: now - 20 * DAY, to: now - 2 * DAY }]);
    await addVerified(tx, key, bucketSeconds, verified, final, now);
  });
  await recordSuccess(database, key, 40, now);
  await fillRuns(database, archive, stream);
}

async function saveLosses(
  database: Database,
  { now }: PlannedArchive,
  customers: readonly Customer[],
  gaps: readonly PlannedGap[],
): Promise<void> {
  for (const gap of gaps) {
    const { customer, stream, from, to, reason } = gap;
    const { id: organizationId, series } = customers[customer] ?? {};
    if (reason === undefined || organizationId === undefined) continue;
    for (const name of stream === 'webhook_logs' ? ['all'] : ['all', ...(series ?? [])]) {
      const key = { organizationId, stream, series: name };
      const lostAt = Math.min(now, to + 30 * DAY);
      const detail = 'Made up by a generator.';
      await database.transaction(async (tx) => {
        await saveLostStretch(tx, { key, stretch: { from, to }, lostAt, reason, detail }, lostAt);
        if (gap.recovered !== true) return;
        await tx.execute(sql`
          update meraki_ingest.lost_time set recovered_at = ${formatInstant(lostAt)}::timestamptz
          where organization_id = ${organizationId} and stream = ${stream} and lost_from = ${formatInstant(from)}::timestamptz`);
      });
    }
  }
}

/** A run of the live lane each time one is due, one of a hundred failed; a day's lateness and audits. */
async function fillRuns(
  database: Database,
  { now, runDays }: PlannedArchive,
  { key, everySeconds, bucketSeconds }: PlannedStream,
): Promise<void> {
  const { organizationId, stream, series } = key;
  const at = formatInstant(now);
  const id = `${organizationId} ${stream} ${series}`;
  await database.query.execute(sql`
    insert into meraki_ingest.sync_runs (organization_id, run_id, stream, series, lane, started_at, finished_at, pages,
      requests, rows_new, rows_known, rows_quarantined, waited_ms, outcome, error)
    select ${organizationId}, md5(${id} || g), ${stream}, ${series}, 'live', g, g + interval '3 seconds', 1, 1,
      10, 20, 0, 15, case when failed then 'failed' else 'complete' end,
      case when failed then 'Meraki cannot be reached' end
    from generate_series(${at}::timestamptz - ${runDays} * interval '1 day', ${at}::timestamptz - interval '1 minute',
      ${everySeconds} * interval '1 second') g
    cross join lateral (select hashtext(${id} || g) % 100 = 0 as failed) f`);
  await database.query.execute(sql`
    insert into meraki_ingest.audits (organization_id, audit_id, stream, series, interval_seconds, audited_at,
      audited_from, audited_to, rows_compared, rows_missing, rows_surplus, figures_changed, repaired, requests, outcome)
    select ${organizationId}, md5('audit' || ${id} || g), ${stream}, ${series}, ${bucketSeconds}, g,
      g - interval '3 days', g - interval '2 days', 1000, 0, 0, 0, 0, 2, 'equal'
    from generate_series(${at}::timestamptz - ${runDays} * interval '1 day', ${at}::timestamptz, interval '1 day') g`);
  if (stream !== 'webhook_logs') return;
  await fillOddities(database, key, at);
  await database.query.execute(sql`
    insert into meraki_ingest.lateness (organization_id, stream, series, day, bucket, rows, rows_found_late,
      rows_after_final, max_seconds, late_max_seconds, last_seen_at)
    select ${organizationId}, ${stream}, ${series}, (g at time zone 'UTC')::date, bucket, 1000 / (1 + bucket), bucket, 0,
      power(2, bucket / 4.0), power(2, bucket / 4.0), g
    from generate_series(${at}::timestamptz - ${runDays} * interval '1 day', ${at}::timestamptz, interval '1 day') g
    cross join generate_series(0, 24) bucket`);
}

/** Rows that could not be understood, and a field that is not documented. */
async function fillOddities(
  database: Database,
  { organizationId, stream, series }: StreamKey,
  at: string,
): Promise<void> {
  await database.query.execute(sql`
    insert into meraki_ingest.quarantine (organization_id, stream, series, digest, raw, reason, first_seen_at,
      last_seen_at, copies, sent_at)
    select ${organizationId}, ${stream}, ${series}, md5(${organizationId} || n), '{}', 'row: sentAt is missing',
      g, g, 1, g
    from generate_series(1, 3) n
    cross join lateral (select ${at}::timestamptz - n * interval '7 hours' as g) days`);
  await database.query.execute(sql`
    insert into meraki_ingest.schema_drift (organization_id, stream, field, kind, sample_type, first_seen_at, last_seen_at)
    values (${organizationId}, ${stream}, 'attempt', 'unknown', 'number', ${at}::timestamptz, ${at}::timestamptz)`);
}
