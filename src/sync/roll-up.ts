/*
 * Stale hours are rolled up in batches, the newest first, since that is what most readers look at. Each batch is a
 * transaction that holds the stream's stale hours, so that nobody changes the facts of the stream meanwhile; batches
 * are sized so that a page waits for a fraction of a second. Killed at any moment, whole batches are done.
 *
 * How long a batch takes tells how large the next may be, but only where there is much to roll up. Of a small
 * organization a month is one batch: were it cut because it took long on a busy machine, the pieces would keep that
 * machine busier still.
 */
import { ensureCalendar } from '../db/calendar.ts';
import type { Database } from '../db/database.ts';
import { hasFewFacts } from '../db/few-facts.ts';
import { timeZoneOf } from '../db/organizations.ts';
import type { Partitions } from '../db/partitions.ts';
import { clearStale, lockStale, readStale, staleStreams } from '../db/rollup-stale.ts';
import { PARTITIONED_ROLLUPS } from '../db/rollup-tables.ts';
import { makeRollups } from '../db/rollups.ts';
import { DatabaseUnreachableError } from '../errors.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import { intersect, type Range, type Ranges, subtract } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';

export interface RollUpContext {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly signal: AbortSignal;
}

const DAY = instantOfSeconds(86_400);
const LONGEST = 31 * DAY;
/** How long a batch should take, in milliseconds: from half to twice as much is left as it is. */
const WANTED_MS = 200;
/** Fewer facts than this are rolled up in one batch, however long that takes. */
const FEW_FACTS = 5_000;

/**
 * Makes the rollups of a stream equal to its facts. Returns at once where another worker is at it.
 *
 * @param rest waits for so many milliseconds; given where the stream is being read meanwhile. Hours go stale for as long
 *   as that lasts, so what is stale by now is rolled up and no more, in turns with the commits of pages
 */
export async function rollUp(
  { database, partitions, signal }: RollUpContext,
  key: StreamKey,
  now: Instant,
  rest?: (ms: number) => Promise<void>,
): Promise<void> {
  let span = DAY;
  let isMuch = false;
  const hasMuch = async (range: Range) => !(await hasFewFacts(database.query, key, range, FEW_FACTS));
  let left = rest === undefined ? undefined : await readStale(database.query, key);
  for (;;) {
    const stale = left ?? (await readStale(database.query, key));
    const longest = nextBatch(stale, LONGEST);
    if (longest === undefined || signal.aborted) return;
    const cut = nextBatch(stale, span);
    const isCut = cut !== undefined && cut.from > longest.from;
    // Asked until the answer is yes, and of the shorter time first: Postgres may look at all there is of it.
    if (isCut) isMuch ||= (await hasMuch(cut)) || (await hasMuch(longest));
    const planned = isCut && isMuch ? cut : longest;
    await ensureCalendar(database.query, await timeZoneOf(database.query, key.organizationId), planned);
    for (const table of PARTITIONED_ROLLUPS[key.stream]) await partitions.ensure(table, planned);
    const started = performance.now();
    const done = await database.transaction(async (tx) => {
      const batch = intersect(await lockStale(tx, key, left !== undefined), [planned]);
      if (batch.length === 0) return false;
      for (const hours of batch) await makeRollups(tx, key, hours, now);
      await clearStale(tx, key, batch);
      return true;
    });
    const tookMs = performance.now() - started;
    span = nextSpan(span, tookMs);
    if (left === undefined && !done) return;
    if (left !== undefined) left = subtract(left, [planned]);
    await rest?.(tookMs);
  }
}

/**
 * The same for all that is stale by now, whoever holds or rolls up some of it meanwhile: they are waited for. Ends early
 * only where the signal is given.
 */
export async function rollUpBesideOthers(
  context: RollUpContext,
  key: StreamKey,
  now: Instant,
): Promise<void> {
  await rollUp(context, key, now, async () => undefined);
}

/**
 * Makes all rollups that are stale equal to their facts: what was left by audits, replays, retention and crashes.
 *
 * @throws what the first stream failed with that could not be rolled up, once all others were
 */
export async function rollUpAll(context: RollUpContext, now: Instant): Promise<void> {
  const failures: unknown[] = [];
  for (const key of await staleStreams(context.database.query)) {
    if (context.signal.aborted) return;
    try {
      await rollUp(context, key, now);
    } catch (error) {
      if (error instanceof DatabaseUnreachableError) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** The newest stale time: about `span` of it, from the beginning of a UTC day where it is cut. */
export function nextBatch(stale: Ranges, span: number): Range | undefined {
  const newest = stale.at(-1);
  if (newest === undefined) return undefined;
  const cut = Math.floor((newest.to - span) / DAY) * DAY;
  return { from: Math.max(newest.from, cut), to: newest.to };
}

export function nextSpan(span: number, tookMs: number): number {
  if (tookMs < WANTED_MS / 2) return Math.min(LONGEST, span * 2);
  return tookMs > WANTED_MS * 2 ? Math.max(DAY, Math.floor(span / 2)) : span;
}
