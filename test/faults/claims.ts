/*
 * What the archive claims about time: coverage must lie within what the dashboard answered, and wanted time must be
 * coverage or gap, never both and never neither. Sets of time are compared by Postgres itself.
 */
import type pg from 'pg';
import type { Simulator } from '../../src/simulator/simulator.ts';

export interface ClaimsVerdict {
  /** Stretches of coverage, final or provisional, that the dashboard never answered. */
  readonly falseCoverage: number;
  readonly pendingGaps: number;
  readonly lostGaps: number;
  readonly faults: readonly string[];
}

const OPERATIONS = {
  webhook_logs: 'getOrganizationWebhooksLogs',
  api_responses: 'getOrganizationApiRequestsOverviewResponseCodesByInterval',
} as const;

interface ClaimsRow {
  readonly organization_id: string;
  readonly stream: keyof typeof OPERATIONS;
  readonly covered: string;
  /** Neither covered nor a gap, though wanted. */
  readonly unaccounted: string;
  /** Covered and a gap. */
  readonly contradictory: string;
  readonly pending: number;
  readonly lost: number;
}

/** `wanted_from` is not told by the public views, so `client` needs the owner's rights. */
export async function judgeClaims(
  client: pg.Client,
  organizationIds: readonly string[],
  served: Simulator['served'],
): Promise<ClaimsVerdict> {
  const found = await client.query<ClaimsRow>(
    `select s.organization_id, s.stream, c.covered::text as covered,
       (tstzmultirange(tstzrange(s.wanted_from,
          greatest(s.wanted_from, now() - s.expected_lag_seconds * interval '1 second')))
        - c.covered - g.missing)::text as unaccounted,
       (c.covered * g.missing)::text as contradictory, g.pending::integer, g.lost::integer
     from meraki_ingest.streams s
     cross join lateral (
       select coalesce(range_agg(tstzrange(covered_from, covered_to)), '{}') as covered from meraki.coverage v
       where v.organization_id = s.organization_id and v.stream = s.stream and v.series = s.series
     ) c
     cross join lateral (
       select coalesce(range_agg(tstzrange(gap_from, gap_to)), '{}') as missing,
         count(*) filter (where state = 'pending') as pending, count(*) filter (where state = 'lost') as lost
       from meraki.gaps v
       where v.organization_id = s.organization_id and v.stream = s.stream and v.series = s.series
     ) g
     where s.organization_id = any ($1) and s.series = 'all'`,
    [organizationIds],
  );
  const faults: string[] = [];
  const expected = organizationIds.length * Object.keys(OPERATIONS).length;
  if (found.rows.length !== expected) faults.push(`${found.rows.length} streams are known of ${expected}`);
  let falseCoverage = 0;
  for (const row of found.rows) {
    const name = `${row.organization_id} ${row.stream}`;
    if (row.unaccounted !== '{}') faults.push(`${name}: neither covered nor a gap: ${row.unaccounted}`);
    if (row.contradictory !== '{}') faults.push(`${name}: covered and a gap: ${row.contradictory}`);
    const unread = await unreadTime(client, row, served);
    falseCoverage += unread.length;
    for (const stretch of unread.slice(0, 5)) faults.push(`${name}: covered and never answered: ${stretch}`);
  }
  const sum = (of: 'pending' | 'lost') => found.rows.reduce((total, row) => total + row[of], 0);
  return { falseCoverage, pendingGaps: sum('pending'), lostGaps: sum('lost'), faults };
}

async function unreadTime(
  client: pg.Client,
  row: ClaimsRow,
  served: Simulator['served'],
): Promise<readonly string[]> {
  const answered = served(row.organization_id, OPERATIONS[row.stream]);
  const found = await client.query<{ unread: string }>(
    'select unnest($1::tstzmultirange - $2::tstzmultirange)::text as unread',
    [row.covered, `{${answered.map(({ from, to }) => `[${from},${to})`).join(',')}}`],
  );
  return found.rows.map(({ unread }) => unread);
}
