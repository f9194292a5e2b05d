import { and, eq, sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { type Database, type Queryable, translated } from './database.ts';
import { streams } from './ledger-schema.ts';
import { parseDatabaseInstant } from './multirange.ts';
import { resumeStream } from './retired-streams.ts';

/** What is remembered of a stream besides its coverage. */
export interface StreamRecord {
  /** Since when this stream's data are wanted: the oldest the source could give when the stream was first seen. */
  readonly wantedFrom: Instant;
  /** What the source has shown of its limits, as `sync/limits.ts` wrote it. */
  readonly limits: unknown;
  /** When a run last ended well; `null` when none has. */
  readonly lastSuccessAt: Instant | null;
  /** The age that the views take for out of reach. */
  readonly lookbackSeconds: number;
  /** Before this RETENTION has dropped all rows; `null` when it has dropped none. */
  readonly droppedBefore: Instant | null;
}

export interface StreamExpectations {
  /** Age up to which the source is asked, as far as is known. */
  readonly lookbackSeconds: number;
  /** How far the newest coverage may lag behind before it counts as a gap. */
  readonly expectedLagSeconds: number;
}

/**
 * Reads a stream's record, making it when the stream is new, and taking it back when it was retired. One query for a
 * stream that is as it was: this begins every run.
 */
export async function rememberStream(
  database: Database,
  key: StreamKey,
  fresh: StreamExpectations & { readonly wantedFrom: Instant },
  now: Instant,
): Promise<StreamRecord> {
  const [known] = await translated(
    database.query
      .select({ ...RECORD, expectedLagSeconds: streams.expectedLagSeconds, retiredAt: streams.retiredAt })
      .from(streams)
      .where(isStream(key)),
  );
  const isAsBefore =
    known !== undefined && known.retiredAt === null && known.expectedLagSeconds === fresh.expectedLagSeconds;
  if (isAsBefore) return recordOf(known);
  await translated(
    database.query
      .insert(streams)
      .values({
        ...key,
        wantedFrom: formatInstant(fresh.wantedFrom),
        lookbackSeconds: fresh.lookbackSeconds,
        expectedLagSeconds: fresh.expectedLagSeconds,
        createdAt: formatInstant(now),
      })
      .onConflictDoNothing(),
  );
  await translated(
    database.query
      .update(streams)
      .set({ expectedLagSeconds: fresh.expectedLagSeconds })
      .where(
        and(isStream(key), sql`${streams.expectedLagSeconds} is distinct from ${fresh.expectedLagSeconds}`),
      ),
  );
  await resumeStream(database.query, key, now);
  return (
    (await readStream(database.query, key)) ?? {
      wantedFrom: fresh.wantedFrom,
      limits: {},
      lastSuccessAt: null,
      lookbackSeconds: fresh.lookbackSeconds,
      droppedBefore: null,
    }
  );
}

/** A stream's record, or `undefined` when it was never read. */
export async function readStream(query: Queryable, key: StreamKey): Promise<StreamRecord | undefined> {
  const found = await translated(query.select(RECORD).from(streams).where(isStream(key)));
  return found[0] === undefined ? undefined : recordOf(found[0]);
}

/** For `select`: what names a stream. */
export const STREAM_KEY_COLUMNS = {
  organizationId: streams.organizationId,
  stream: streams.stream,
  series: streams.series,
};
const RECORD = {
  wantedFrom: streams.wantedFrom,
  limits: streams.limits,
  lastSuccessAt: streams.lastSuccessAt,
  lookbackSeconds: streams.lookbackSeconds,
  droppedBefore: streams.droppedBefore,
};

function recordOf(row: {
  readonly wantedFrom: string;
  readonly limits: unknown;
  readonly lastSuccessAt: string | null;
  readonly lookbackSeconds: number;
  readonly droppedBefore: string | null;
}): StreamRecord {
  return {
    wantedFrom: parseDatabaseInstant(row.wantedFrom),
    limits: row.limits,
    lastSuccessAt: row.lastSuccessAt === null ? null : parseDatabaseInstant(row.lastSuccessAt),
    lookbackSeconds: row.lookbackSeconds,
    droppedBefore: row.droppedBefore === null ? null : parseDatabaseInstant(row.droppedBefore),
  };
}

export interface LimitsChange {
  readonly limits: unknown;
  readonly lookbackSeconds: number;
  readonly wantedFrom: Instant;
}

/** Stores what an answer taught about the source, computed from what is stored while nobody else can change it. */
export async function changeLimits(
  database: Database,
  key: StreamKey,
  change: (record: StreamRecord) => LimitsChange,
): Promise<void> {
  await database.transaction(async (tx) => {
    const [row] = await tx.select(RECORD).from(streams).where(isStream(key)).for('update');
    if (row === undefined) return;
    const { limits, lookbackSeconds, wantedFrom } = change(recordOf(row));
    await tx
      .update(streams)
      .set({ limits, lookbackSeconds, wantedFrom: formatInstant(wantedFrom) })
      .where(isStream(key));
  });
}

export function isStream(key: StreamKey) {
  return and(
    eq(streams.organizationId, key.organizationId),
    eq(streams.stream, key.stream),
    eq(streams.series, key.series),
  );
}

/** All streams that were ever read, or those of one organization. */
export async function readStreamKeys(
  query: Queryable,
  organizationId?: string,
): Promise<readonly StreamKey[]> {
  const found = await translated(
    query
      .select(STREAM_KEY_COLUMNS)
      .from(streams)
      .where(organizationId === undefined ? undefined : eq(streams.organizationId, organizationId))
      .orderBy(streams.organizationId, streams.stream, streams.series),
  );
  return found.map((key) => ({ ...key, stream: key.stream as StreamName }));
}

/** The series of which anything was ever read. */
export async function readSeriesNames(query: Queryable): Promise<ReadonlySet<string>> {
  const found = await translated(query.selectDistinct({ series: streams.series }).from(streams));
  return new Set(found.map(({ series }) => series));
}
