import pg from 'pg';
import { formatInstant } from '../../../src/instant.ts';
import type { Range } from '../../../src/ranges.ts';

export interface ExpectedOrganization {
  readonly id: string;
  readonly rows: number;
}

/**
 * Whether all that was served is stored, covered as final and rolled up.
 *
 * @param within the time of all deliveries
 * @throws {Error} naming all that is not
 */
export async function verifyArchive(
  url: string,
  expected: readonly ExpectedOrganization[],
  within: Range,
): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: found } = await client.query<{
      id: string;
      stored: string;
      rolled: string;
      whole: boolean;
    }>(FOUND, [expected.map(({ id }) => id), formatInstant(within.from), formatInstant(within.to)]);
    const { rows: others } = await client.query<{ what: string }>(OTHERS);
    const faults = others.map(({ what }) => what);
    for (const { id, rows } of expected) {
      const own = found.find((row) => row.id === id);
      if (Number(own?.stored) !== rows) faults.push(`${id}: ${own?.stored} rows are stored, not ${rows}`);
      if (Number(own?.rolled) !== rows) faults.push(`${id}: ${own?.rolled} rows are rolled up, not ${rows}`);
      if (own?.whole !== true) faults.push(`${id}: not all of its time is covered as final`);
    }
    if (faults.length > 0) throw new Error(`The archive is not as it should be:\n${faults.join('\n')}`);
  } finally {
    await client.end();
  }
}

const FOUND = `
  select o.id, coalesce(f.stored, 0) as stored, coalesce(h.rolled, 0) as rolled,
    coalesce(c.final @> tstzrange($2, $3), false) as whole
  from unnest($1::text[]) o (id)
  left join (
    select organization_id as id, count(*) as stored from meraki_store.webhook_deliveries group by 1
  ) f using (id)
  left join (
    select organization_id as id, sum(deliveries) as rolled from meraki_store.webhook_hours group by 1
  ) h using (id)
  left join (
    select organization_id as id, final from meraki_ingest.coverage where stream = 'webhook_logs'
  ) c using (id)`;

const OTHERS = `
  select organization_id || ': hours are stale' as what from meraki_store.rollup_stale where not isempty(stale)
  union all
  select organization_id || ': there is a gap at ' || gap_from from meraki.gaps where stream = 'webhook_logs'
    and gap_to <= now() - interval '1 hour'
  union all
  select count(*) || ' rows are in quarantine' from meraki_ingest.quarantine having count(*) > 0`;
