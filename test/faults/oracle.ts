/*
 * The judge of the fault suite: the archive against the truth, told by the public views alone and as the role that
 * readers have. All figures come from one snapshot, so workers may go on meanwhile.
 */
import type pg from 'pg';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { finalStretches, type Stretch, storedDeliveries, trueDeliveries } from '../support/truth.ts';
import { type ClaimsVerdict, judgeClaims } from './claims.ts';
import { compareMultisets } from './multiset.ts';
import { judgeQuarantine } from './quarantine.ts';
import { judgeRollups } from './rollups.ts';

export interface Verdict extends ClaimsVerdict {
  /** Rows and final counts that were compared. */
  readonly rowsCompared: number;
  /** Rows in quarantine, compared with those that cannot be stored. */
  readonly quarantined: number;
  /** True and not stored, nor in quarantine. */
  readonly lost: number;
  /** Stored and not true, or more often than it is true. */
  readonly doubled: number;
  /** What differs, and what else is wrong, for a person to read. */
  readonly faults: readonly string[];
}

export interface JudgeOptions {
  /** Whether time may be missing because of what a fault plan did. */
  readonly mayLackTime?: boolean;
  /** Whether to leave out what reports make of rollups. */
  readonly withoutReports?: boolean;
}

/** Judges all organizations that are active in the dashboard. `client` may be the owner's; it is given back as it was. */
export async function judgeArchive(
  client: pg.Client,
  simulator: Simulator,
  options: JudgeOptions = {},
): Promise<Verdict> {
  await client.query('begin isolation level repeatable read read only');
  try {
    await client.query('set local role meraki_reader');
    await client.query('set local statement_timeout = 0');
    const organizationIds = simulator.organizations.filter(({ enabled }) => enabled).map(({ id }) => id);
    const faults: string[] = [];
    let [rowsCompared, lost, doubled] = [0, 0, 0];
    for (const id of organizationIds) {
      for (const compare of [compareDeliveries, compareCounts]) {
        const found = await compare(client, simulator, id);
        rowsCompared += found.rows;
        lost += found.onlySecond;
        doubled += found.onlyFirst;
        faults.push(...found.examples.map((example) => `${id}: ${example}`));
      }
    }
    await client.query('reset role');
    let quarantined = 0;
    for (const id of organizationIds) {
      const kept = await judgeQuarantine(client, simulator, id);
      quarantined += kept.rows;
      lost += kept.missing;
      doubled += kept.surplus;
      faults.push(...kept.faults);
    }
    const claims = await judgeClaims(client, organizationIds, simulator.served);
    faults.push(...claims.faults);
    if (options.withoutReports !== true) faults.push(...(await judgeRollups(client)));
    if (claims.pendingGaps > 0 && options.mayLackTime !== true)
      faults.push(`${claims.pendingGaps} gaps are pending`);
    if (claims.lostGaps > 0 && options.mayLackTime !== true) faults.push(`${claims.lostGaps} gaps are lost`);
    return { ...claims, rowsCompared, quarantined, lost, doubled, faults };
  } finally {
    await client.query('rollback');
  }
}

interface Comparison {
  readonly rows: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly examples: readonly string[];
}

async function compareDeliveries(
  reader: pg.Client,
  simulator: Simulator,
  organizationId: string,
): Promise<Comparison> {
  const total = { rows: 0, onlyFirst: 0, onlySecond: 0, examples: [] as string[] };
  for (const stretch of await finalStretches(reader, organizationId, 'webhook_logs')) {
    const truth = trueDeliveries(simulator, organizationId, stretch);
    const stored = await storedDeliveries(reader, organizationId, stretch);
    const difference = compareMultisets(stored, truth, ['stored', 'true']);
    total.rows += truth.length;
    total.onlyFirst += difference.onlyFirst;
    total.onlySecond += difference.onlySecond;
    total.examples.push(...difference.examples);
  }
  return total;
}

/** Every width that is answered is a multiple: final time begins and ends on its grid, and on no coarser one. */
const FINEST_SECONDS = 60;

interface CountRow {
  readonly interval: number;
  readonly start: string;
  readonly code: number;
  readonly count: number;
}

/** Final counts, in whatever widths they are shown; each request of final time has to be in exactly one of them. */
async function compareCounts(
  reader: pg.Client,
  simulator: Simulator,
  organizationId: string,
): Promise<Comparison> {
  const found = await reader.query<CountRow>(
    `select interval_seconds as interval, to_char(bucket_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as start,
       response_code as code, request_count::integer as count
     from meraki.api_responses where organization_id = $1 and series = 'all' and is_final`,
    [organizationId],
  );
  const stretches = await finalStretches(reader, organizationId, 'api_responses');
  const truth = stretches.flatMap((stretch) => trueCounts(simulator, organizationId, stretch, found.rows));
  const stored = found.rows.map((row) => `${row.interval} ${row.start} ${row.code}: ${row.count}`);
  const difference = compareMultisets(stored, truth, ['stored', 'true']);
  const requests = stretches
    .flatMap((stretch) => simulator.truthBuckets(organizationId, { ...stretch, interval: FINEST_SECONDS }))
    .flatMap(({ counts }) => counts)
    .reduce((sum, { count }) => sum + count, 0);
  const shown = found.rows.reduce((sum, { count }) => sum + count, 0);
  return {
    rows: truth.length,
    onlyFirst: Math.max(difference.onlyFirst, shown - requests),
    onlySecond: Math.max(difference.onlySecond, requests - shown),
    examples:
      shown === requests
        ? difference.examples
        : [...difference.examples, `${shown} requests are stored of ${requests} in final time`],
  };
}

/** What the buckets that are shown should say. */
function trueCounts(
  simulator: Simulator,
  organizationId: string,
  stretch: Stretch,
  stored: readonly CountRow[],
): readonly string[] {
  return [...new Set(stored.map(({ interval }) => interval))].flatMap((interval) => {
    const shown = new Set(stored.filter((row) => row.interval === interval).map(({ start }) => start));
    return simulator
      .truthBuckets(organizationId, { ...stretch, interval })
      .filter(({ startTs }) => shown.has(startTs))
      .flatMap(({ startTs, counts }) =>
        counts.map(({ code, count }) => `${interval} ${startTs} ${code}: ${count}`),
      );
  });
}
