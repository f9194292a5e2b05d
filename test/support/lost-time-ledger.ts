import type { Database } from '../../src/db/database.ts';
import { type Instant, instantOfSeconds, parseInstant } from '../../src/instant.ts';

export const HOUR = instantOfSeconds(3_600);
export const DAY = 24 * HOUR;

interface Lost {
  readonly stream: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly lostAt: Instant;
  readonly noticedAt: Instant;
  readonly reason: string;
  readonly recovered: boolean;
}

/** What the ledger says was lost, in order. */
export async function lostTime({ pool }: Database, stream = 'webhook_logs'): Promise<readonly Lost[]> {
  const found = await pool.query<
    Record<'stream' | 'from' | 'to' | 'lost' | 'noticed' | 'reason', string> & {
      recovered: boolean;
    }
  >(
    `select stream, lost_from::text as from, lost_to::text as to, lost_at::text as lost,
       noticed_at::text as noticed, reason, recovered_at is not null as recovered
     from meraki.lost_time where stream = $1 order by lost_from`,
    [stream],
  );
  return found.rows.map((row) => ({
    stream: row.stream,
    from: at(row.from),
    to: at(row.to),
    lostAt: at(row.lost),
    noticedAt: at(row.noticed),
    reason: row.reason,
    recovered: row.recovered,
  }));
}

export async function lostGaps({ pool }: Database, stream = 'webhook_logs') {
  const found = await pool.query<{ reason: string | null; lost: Date | null; left: number | null }>(
    `select reason, lost_at as lost, seconds_left as left from meraki.gaps
     where stream = $1 and state = 'lost' order by gap_from`,
    [stream],
  );
  return found.rows;
}

export function at(text: string): Instant {
  return parseInstant(text) ?? Number.NaN;
}
