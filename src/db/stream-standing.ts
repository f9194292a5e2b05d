/*
 * How a stream fares: its last success, its failures since, and until when it is left alone for them.
 */
import { gte, sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfMilliseconds } from '../instant.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { type Database, type Queryable, translated } from './database.ts';
import { streams } from './ledger-schema.ts';
import { parseDatabaseInstant } from './multirange.ts';
import { isStream, STREAM_KEY_COLUMNS } from './streams.ts';

export async function recordSuccess(
  database: Database,
  key: StreamKey,
  clockSkewMs: number,
  now: Instant,
): Promise<void> {
  await translated(
    database.query
      .update(streams)
      .set({
        lastSuccessAt: formatInstant(now),
        lastError: null,
        lastErrorCode: null,
        lastErrorAt: null,
        clockSkewMs: Math.round(clockSkewMs),
        failures: null,
        retryAt: null,
      })
      .where(isStream(key)),
  );
}

/**
 * @param pauseMs for how long the live lane leaves the stream alone after so many failures in a row; `undefined` where
 *   this failure is none of that lane's
 * @returns whether the stream failed differently, or not at all, before
 */
export async function recordFailure(
  database: Database,
  key: StreamKey,
  failure: { readonly code: string; readonly message: string },
  now: Instant,
  pauseMs?: (failures: number) => number,
): Promise<boolean> {
  const [before] = await translated(
    database.query
      .select({ code: streams.lastErrorCode, failures: streams.failures })
      .from(streams)
      .where(isStream(key)),
  );
  const failures = (before?.failures ?? 0) + 1;
  const pause = pauseMs?.(failures) ?? 0;
  await translated(
    database.query
      .update(streams)
      .set({
        lastError: failure.message,
        lastErrorCode: failure.code,
        lastErrorAt: formatInstant(now),
        ...(pauseMs && {
          failures,
          retryAt: pause > 0 ? formatInstant(now + instantOfMilliseconds(pause)) : null,
        }),
      })
      .where(isStream(key)),
  );
  return before?.code !== failure.code;
}

/** What is to be known before a stream is read by schedule. */
export interface StreamStanding {
  /** Until when it is left alone, since it keeps failing. */
  readonly retryAt: Instant | undefined;
  /** Whether Meraki's last answer for its organization was a refusal. */
  readonly isRefused: boolean;
}

export async function readStanding(query: Queryable, key: StreamKey): Promise<StreamStanding> {
  const found = await translated(
    query.execute<{ retry_at: string | null; is_refused: boolean }>(sql`
      select s.retry_at::text as retry_at, o.state = 'refused' as is_refused
      from meraki_store.organizations o
      left join meraki_ingest.streams s on s.organization_id = o.organization_id
        and s.stream = ${key.stream} and s.series = ${key.series}
      where o.organization_id = ${key.organizationId}`),
  );
  const [row] = found.rows;
  return {
    retryAt: row?.retry_at == null ? undefined : parseDatabaseInstant(row.retry_at),
    isRefused: row?.is_refused === true,
  };
}

/** The streams that were read with success since. */
export async function readStreamsReadSince(query: Queryable, since: Instant): Promise<readonly ReadStream[]> {
  const found = await translated(
    query
      .select({ ...STREAM_KEY_COLUMNS, at: streams.lastSuccessAt })
      .from(streams)
      .where(gte(streams.lastSuccessAt, formatInstant(since))),
  );
  return found.map(({ at, ...key }) => ({
    key: { ...key, stream: key.stream as StreamName },
    readAt: parseDatabaseInstant(at ?? ''),
  }));
}

export interface ReadStream {
  readonly key: StreamKey;
  readonly readAt: Instant;
}
