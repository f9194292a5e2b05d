import { type SQL, sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { type Range, spanOf } from '../ranges.ts';
import { type StreamKey, UNFILTERED } from '../stream-key.ts';
import { bigintArray, integerArray, timestamptzArray } from './binary-arrays.ts';
import { copyIn } from './copy-in.ts';
import type { Transaction } from './database.ts';
import {
  allPlaces,
  copyAt,
  type DeliveryColumns,
  type DeliveryIdentities,
  inOrder,
  inOrderOnce,
  type Places,
} from './delivery-columns.ts';
import { areAllStored, storedDigest } from './delivery-digest.ts';
import { copyOfDeliveries } from './delivery-rows.ts';
import { rememberMembers, type WebhookDimensions } from './dimensions.ts';
import { markStale } from './rollup-stale.ts';

/** Deliveries, and what they name. */
export interface WebhookDeliveryContents extends WebhookDimensions {
  readonly deliveries: DeliveryColumns;
}

export interface WebhookDeliveryBatch {
  readonly identities: DeliveryIdentities;
  /** The same deliveries with all they hold, which is asked for only where one of them has to be stored. */
  contents(): WebhookDeliveryContents;
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
  const { sentAt } = batch.identities;
  const rows = sentAt.length;
  if (rows === 0) return { rowsNew: 0, rowsKnown: 0 };
  const span = spanOf(sentAt);
  const stored = rows < WORTH_LOOKING ? undefined : await storedDigest(tx, organizationId, span);
  // Then what they name is known as well.
  const isKnown = stored !== undefined && areAllStored(stored, batch.identities);
  if (isKnown) return { rowsNew: 0, rowsKnown: rows, ...(tellFresh && { fresh: [] }) };
  const { deliveries, ...dimensions } = batch.contents();
  await rememberMembers(tx, organizationId, dimensions);
  const places = allPlaces(deliveries);
  const isCertainlyNew = (place: number) => stored !== undefined && !isWithin(stored.within, sentAt[place]);
  const certain = tellFresh ? [] : places.filter(isCertainlyNew);
  const others = certain.length === 0 ? places : places.filter((place) => !isCertainlyNew(place));
  const target = { tx, organizationId, now };
  const copied = await copyNew(target, deliveries, certain);
  const inserted = await insertUnknown(target, deliveries, others, tellFresh);
  const rowsNew = copied + inserted.rowsNew;
  if (rowsNew > 0) await markStale(tx, keyOf(organizationId), [span], now);
  const counts = { rowsNew, rowsKnown: rows - rowsNew };
  if (!tellFresh) return counts;
  const isFresh = (place: number) => inserted.copies.has(copyAt(deliveries, place));
  return { ...counts, fresh: places.filter(isFresh).map((place) => freshRowAt(deliveries, place)) };
}

function freshRowAt({ sentAt, loggedAt }: DeliveryColumns, place: number): FreshRow {
  return { sentAt: sentAt[place] ?? 0, loggedAt: loggedAt[place] ?? 0 };
}

function isWithin(range: Range | undefined, instant: Instant | undefined): boolean {
  return range !== undefined && instant !== undefined && range.from <= instant && instant < range.to;
}

/** Whose deliveries are stored, and when. */
interface Target {
  readonly tx: Transaction;
  readonly organizationId: string;
  readonly now: Instant;
}

/** Rows of time in which nothing is stored: nothing has to be looked up for them. */
async function copyNew(
  { tx, organizationId, now }: Target,
  deliveries: DeliveryColumns,
  places: Places,
): Promise<number> {
  if (places.length === 0) return 0;
  // Nothing else keeps rows that came twice from being stored twice here.
  const once = inOrderOnce(deliveries, places);
  return await copyIn(tx, copyOfDeliveries(organizationId, deliveries, once, now));
}

interface Inserted {
  readonly rowsNew: number;
  /** Fingerprints and numbers of the copies that are new, where they were asked for. */
  readonly copies: ReadonlySet<string>;
}

/** @param tellFresh whether to name the new ones */
async function insertUnknown(
  { tx, organizationId, now }: Target,
  deliveries: DeliveryColumns,
  places: Places,
  tellFresh: boolean,
): Promise<Inserted> {
  if (places.length === 0) return { rowsNew: 0, copies: new Set() };
  const written = await tx.execute<{ copy: string }>(sql`
    insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
      alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at, extra)
    select ${organizationId}, s, f, o, n, a, e, l, c, d, ${formatInstant(now)}::timestamptz, x::jsonb
    from ${rowsOf(deliveries, inOrder(deliveries, places))}
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
function rowsOf(deliveries: DeliveryColumns, places: Places): SQL {
  const bigints = (column: BigInt64Array) => bigintArray(places.map((place) => column[place] ?? 0n));
  const integers = (column: Int32Array) => integerArray(places.map((place) => column[place] ?? 0));
  const instants = (column: Float64Array) => timestamptzArray(places.map((place) => column[place] ?? 0));
  const extra =
    deliveries.extra.size === 0 ? null : places.map((place) => deliveries.extra.get(place) ?? null);
  return sql`unnest(
    ${instants(deliveries.sentAt)}::timestamptz[],
    ${bigints(deliveries.fingerprint)}::bigint[],
    ${integers(deliveries.occurrence)}::integer[],
    ${bigints(deliveries.networkKey)}::bigint[],
    ${bigints(deliveries.alertTypeId)}::bigint[],
    ${bigints(deliveries.endpointId)}::bigint[],
    ${instants(deliveries.loggedAt)}::timestamptz[],
    ${integers(deliveries.responseCode)}::integer[],
    ${integers(deliveries.responseDurationMs)}::integer[],
    ${sql.param(extra)}::text[]
  ) as r(s, f, o, n, a, e, l, c, d, x)`;
}
