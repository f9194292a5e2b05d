import type pg from 'pg';
import { CONTEXT, type ReportContext } from './report-context.ts';

/** Rows that a view shows, and the same rows made from facts in another way. */
export interface Comparison {
  readonly name: string;
  readonly shown: string;
  readonly right: string;
  /** Whether it reads tables that are for no reader. */
  readonly forOwner?: boolean;
}

/** What one has and the other has not, at most a few lines of each. */
export async function differencesOf(
  client: pg.ClientBase,
  { parameters }: ReportContext,
  { name, shown, right }: Comparison,
): Promise<readonly string[]> {
  const asked = client.query<{ side: string; line: string }>(
    `with ${CONTEXT}, shown as materialized (${shown}), facts as materialized (${right})
     (select 'only shown' as side, to_json(r)::text as line
      from (select * from shown except all select * from facts) r limit 3)
     union all
     (select 'only true', to_json(r)::text
      from (select * from facts except all select * from shown) r limit 3)`,
    [...parameters],
  );
  const found = await asked.catch((cause: unknown) => {
    throw new Error(`${name} could not be compared`, { cause });
  });
  return found.rows.map(({ side, line }) => `${name}: ${side}: ${line}`);
}
