import { type SQL, sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { type Range, spanOf } from '../ranges.ts';
import { type StreamKey, UNFILTERED } from '../stream-key.ts';
import { bigintArray, integerArray, timestamptzArray } from './binary-arrays.ts';
import { copyIn } from './copy-in.ts';
import type { Transaction } from './database.ts';
import { areAllStored, storedDigest } from './delivery-digest.ts';
import { copyOfDeliveries, type WebhookDelivery } from './delivery-rows.ts';
import { rememberMembers, type WebhookDimensions } from './dimensions.ts';
import { markStale } from './rollup-stale.ts';

export interface WebhookDeliveryBatch extends WebhookDimensions {
  readonly deliveries: readonly WebhookDelivery[];
}

export interface WriteCounts {
  readonly rowsNew: number;
  readonly rowsKnown: number;
  /** The new rows that have instants of their own, where they were asked for. */
  readonly fresh?: readonly FreshRow[];
}

/** A row that was not stored before. */
export interface FreshRow {
  readonly sentAt: Instant;
  readonly loggedAt: Instant;
}

/**
 * Stores deliveries that are not stored yet; those that are stay as they are and cost no write. `lockCoverage` comes
 * before it: nobody else may write deliveries of the organization meanwhile.
 *
 * @param tellFresh whether to name the new ones; to read them back costs a backfill time for nothing
 */
export async function writeWebhookDeliveries(
  tx: Transaction,
  organizationId: string,
  batch: WebhookDeliveryBatch,
  now: Instant,
  tellFresh = false,
): Promise<WriteCounts> {
  if (batch.deliveries.length === 0) return { rowsNew: 0, rowsKnown: 0 };
  const { deliveries } = batch;
  const span = spanOf(deliveries.map(({ sentAt }) => sentAt));
  const stored = deliveries.length < WORTH_LOOKING ? undefined : await storedDigest(tx, organizationId, span);
  // Then what they name is known as well.
  const isKnown = stored !== undefined && areAllStored(stored, deliveries);
  if (isKnown) return { rowsNew: 0, rowsKnown: deliveries.length, ...(tellFresh && { fresh: [] }) };
  await rememberMembers(tx, organizationId, batch);
  const isCertainlyNew = ({ sentAt }: WebhookDelivery) =>
    stored !== undefined && !isWithin(stored.within, sentAt);
  const certain = tellFresh ? [] : deliveries.filter(isCertainlyNew);
  const others = certain.length === 0 ? deliveries : deliveries.filter((row) => !isCertainlyNew(row));
  const copied = await copyNew(tx, organizationId, certain, now);
  const inserted = await insertUnknown(tx, organizationId, others, now, tellFresh);
  const rowsNew = copied + inserted.rowsNew;
  if (rowsNew > 0) await markStale(tx, keyOf(organizationId), [span], now);
  const counts = { rowsNew, rowsKnown: deliveries.length - rowsNew };
  if (!tellFresh) return counts;
  const isFresh = (row: WebhookDelivery) => inserted.copies.has(`${row.fingerprint} ${row.occurrence}`);
  return { ...counts, fresh: deliveries.filter(isFresh) };
}

function isWithin(range: Range | undefined, instant: Instant): boolean {
  return range !== undefined && range.from <= instant && instant < range.to;
}

/** Rows of time in which nothing is stored: nothing has to be looked up for them. */
async function copyNew(
  tx: Transaction,
  organizationId: string,
  rows: readonly WebhookDelivery[],
  now: Instant,
): Promise<number> {
  return rows.length === 0 ? 0 : copyIn(tx, copyOfDeliveries(organizationId, inOrderOnce(rows), now));
}

interface Inserted {
  readonly rowsNew: number;
  /** Fingerprints and numbers of the copies that are new, where they were asked for. */
  readonly copies: ReadonlySet<string>;
}

/** @param tellFresh whether to name the new ones */
async function insertUnknown(
  tx: Transaction,
  organizationId: string,
  rows: readonly WebhookDelivery[],
  now: Instant,
  tellFresh: boolean,
): Promise<Inserted> {
  if (rows.length === 0) return { rowsNew: 0, copies: new Set() };
  const written = await tx.execute<{ copy: string }>(sql`
    insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
      alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at, extra)
    select ${organizationId}, s, f, o, n, a, e, l, c, d, ${formatInstant(now)}::timestamptz, x::jsonb
    from ${rowsOf(inOrder(rows))}
    on conflict (organization_id, sent_at, fingerprint, occurrence) do nothing
    ${tellFresh ? sql`returning fingerprint::text || ' ' || occurrence as copy` : sql``}`);
  return { rowsNew: written.rowCount ?? 0, copies: new Set(written.rows.map(({ copy }) => copy)) };
}

function keyOf(organizationId: string): StreamKey {
  return { organizationId, stream: 'webhook_logs', series: UNFILTERED };
}

/** Fewer rows are inserted in less time than it takes to ask. */
const WORTH_LOOKING = 500;

/** Extra fields are rare: where there are none at all, nothing is sent for them. */
function rowsOf(rows: readonly WebhookDelivery[]): SQL {
  const extra = rows.some((row) => row.extra !== null) ? rows.map((row) => row.extra) : null;
  return sql`unnest(
    ${timestamptzArray(rows.map((row) => row.sentAt))}::timestamptz[],
    ${bigintArray(rows.map((row) => row.fingerprint))}::bigint[],
    ${integerArray(rows.map((row) => row.occurrence))}::integer[],
    ${bigintArray(rows.map((row) => row.networkKey))}::bigint[],
    ${bigintArray(rows.map((row) => row.alertTypeId))}::bigint[],
    ${bigintArray(rows.map((row) => row.endpointId))}::bigint[],
    ${timestamptzArray(rows.map((row) => row.loggedAt))}::timestamptz[],
    ${integerArray(rows.map((row) => row.responseCode))}::integer[],
    ${integerArray(rows.map((row) => row.responseDurationMs))}::integer[],
    ${sql.param(extra)}::text[]
  ) as r(s, f, o, n, a, e, l, c, d, x)`;
}

/** By time, as the index has them: rows that follow one another there cost less to insert. */
function inOrder(rows: readonly WebhookDelivery[]): readonly WebhookDelivery[] {
  const steps = rows.slice(1).map(({ sentAt }, index) => Math.sign(sentAt - (rows[index]?.sentAt ?? sentAt)));
  if (steps.every((step) => step >= 0)) return rows;
  if (steps.every((step) => step <= 0)) return rows.toReversed();
  return rows.toSorted((a, b) => a.sentAt - b.sentAt);
}

/** The same without the rows that came twice, which nothing else keeps from being stored twice here. */
function inOrderOnce(rows: readonly WebhookDelivery[]): readonly WebhookDelivery[] {
  const ordered = inOrder(rows);
  let seen = new Set<string>();
  return ordered.filter((row, index) => {
    const sharesBefore = ordered[index - 1]?.sentAt === row.sentAt;
    if (!sharesBefore && ordered[index + 1]?.sentAt !== row.sentAt) return true;
    if (!sharesBefore) seen = new Set();
    const copy = `${row.fingerprint} ${row.occurrence}`;
    if (seen.has(copy)) return false;
    seen.add(copy);
    return true;
  });
}
