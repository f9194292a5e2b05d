/*
 * A checkpoint has one holder at a time. Taking it raises its version, and every later write names the version it
 * expects: a worker that was paused, or a job delivered twice, finds the version gone and commits nothing
 * (invariant I4). The lease only keeps a second worker from taking over one that is alive; it is not the fence.
 */
import { sql } from 'drizzle-orm';
import { SupersededError } from '../errors.ts';
import { formatInstant, type Instant, instantOfMilliseconds } from '../instant.ts';
import { describeStream, type Lane, type StreamKey } from '../stream-key.ts';
import { type Database, type Transaction, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';

/**
 * How long a checkpoint stays with a holder of whom nothing is heard: so soon may another take the lane of a worker
 * that was killed.
 */
export const LEASE_MS = 6_000;
/** Clocks of two hosts may differ by so much before the lease of the one that is ahead looks like a mistake. */
const CLOCKS_DIFFER = "interval '30 seconds'";

export interface HeldCheckpoint {
  readonly key: StreamKey;
  readonly lane: Lane;
  readonly holder: string;
  readonly version: number;
  /** The windows that were open when the last holder let go, as `sync/` stored them; `null` when none was. */
  readonly openWindows: unknown;
}

interface Row extends Record<string, unknown> {
  version: string;
  open_window: unknown;
}

/**
 * Takes the checkpoint of one lane. A lease that ends much later than one taken now would was written by a wrong
 * clock, and does not count.
 *
 * @param now by this machine's clock, as in all functions here: leases have nothing to do with Meraki's
 * @returns the held checkpoint, or the instant until which somebody else holds it
 */
export async function takeCheckpoint(
  database: Database,
  key: StreamKey,
  lane: Lane,
  holder: string,
  now: Instant,
): Promise<HeldCheckpoint | { readonly heldUntil: Instant }> {
  const at = sql`${formatInstant(now)}::timestamptz`;
  const until = sql`${leaseEnd(now)}::timestamptz`;
  const taken = await translated(
    database.query.execute<Row>(sql`
      insert into meraki_ingest.checkpoints as c
        (organization_id, stream, series, lane, version, holder, held_until, updated_at)
      values (${key.organizationId}, ${key.stream}, ${key.series}, ${lane}, 1, ${holder}, ${until}, ${at})
      on conflict (organization_id, stream, series, lane) do update set
        version = c.version + 1, holder = excluded.holder, held_until = excluded.held_until,
        updated_at = excluded.updated_at
      where c.holder is null or c.held_until <= excluded.updated_at 
        or c.held_until > excluded.held_until + ${sql.raw(CLOCKS_DIFFER)}
      returning version, open_window`),
  );
  const row = taken.rows[0];
  if (row !== undefined) {
    return { key, lane, holder, version: Number(row.version), openWindows: row.open_window };
  }
  const held = await translated(
    database.query.execute<{ held_until: string | null }>(
      sql`select held_until::text as held_until from meraki_ingest.checkpoints where ${isCheckpoint(key, lane)}`,
    ),
  );
  const heldUntil = held.rows[0]?.held_until;
  return { heldUntil: heldUntil == null ? now : parseDatabaseInstant(heldUntil) };
}

/**
 * Moves a held checkpoint to its next state, in the transaction that commits the page.
 *
 * @throws {SupersededError} when another holder has taken it; the transaction must be rolled back
 */
export async function advanceCheckpoint(
  tx: Transaction,
  held: HeldCheckpoint,
  openWindows: unknown,
  now: Instant,
): Promise<HeldCheckpoint> {
  const moved = await tx.execute(sql`
    update meraki_ingest.checkpoints set version = version + 1,
      open_window = ${openWindows === null ? null : JSON.stringify(openWindows)}::jsonb,
      held_until = ${leaseEnd(now)}::timestamptz, updated_at = ${formatInstant(now)}::timestamptz
    where ${isCheckpoint(held.key, held.lane)} and version = ${held.version}`);
  if (moved.rowCount !== 1) {
    throw new SupersededError(
      `Another worker has taken over the ${held.lane} lane of ${describeStream(held.key)}.`,
      { ...held.key, lane: held.lane, version: held.version },
    );
  }
  return { ...held, version: held.version + 1, openWindows };
}

/**
 * Prolongs the lease of a holder who is waiting for an answer; does nothing when a page was committed just before, or
 * when somebody else has the checkpoint by now.
 */
export async function prolongLease(
  database: Database,
  { key, lane, holder }: Pick<HeldCheckpoint, 'key' | 'lane' | 'holder'>,
  now: Instant,
): Promise<void> {
  const soon = formatInstant(now + instantOfMilliseconds(LEASE_MS / 2));
  await translated(
    database.query.execute(sql`
      update meraki_ingest.checkpoints set held_until = ${leaseEnd(now)}::timestamptz
      where ${isCheckpoint(key, lane)} and holder = ${holder} and held_until < ${soon}::timestamptz`),
  );
}

/** Lets go of a checkpoint; does nothing when somebody else holds it by now. */
export async function releaseCheckpoint(database: Database, held: HeldCheckpoint): Promise<void> {
  await translated(
    database.query.execute(sql`
      update meraki_ingest.checkpoints set holder = null, held_until = null
      where ${isCheckpoint(held.key, held.lane)} and version = ${held.version}`),
  );
}

function isCheckpoint(key: StreamKey, lane: Lane) {
  return sql`organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}
    and lane = ${lane}`;
}

function leaseEnd(now: Instant): string {
  return formatInstant(now + instantOfMilliseconds(LEASE_MS));
}
