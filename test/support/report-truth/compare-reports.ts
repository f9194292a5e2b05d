import type pg from 'pg';
import { type Comparison, differencesOf } from './comparison.ts';
import { deliveryFigures } from './delivery-figures.ts';
import { monthFigures } from './month-figures.ts';
import { receiverFigures } from './receiver-figures.ts';
import { readReportContext } from './report-context.ts';
import { requestFigures } from './request-figures.ts';
import { runFigures } from './run-figures.ts';
import { shareFigures } from './share-figures.ts';

const COMPARISONS: readonly Comparison[] = [
  ...deliveryFigures,
  ...shareFigures,
  ...receiverFigures,
  ...monthFigures,
  ...requestFigures,
  ...runFigures,
];

/**
 * Compares every report view that is made of rollups with what the facts say, by other ways than the views'.
 *
 * @param client has the owner's rights, and is in a transaction that sees one snapshot
 * @param only views whose names begin so; by default all
 * @returns what differs, for a person to read
 */
export async function compareReports(client: pg.ClientBase, only = ''): Promise<readonly string[]> {
  const compared = COMPARISONS.filter(({ name }) => name.startsWith(only));
  const context = await readReportContext(client);
  const differences: string[] = [];
  await client.query('set local role meraki_reader');
  // The planner knows nothing of how much the truth's parts hold, and would look all of one up for each row of another.
  await client.query('set local statement_timeout = 0; set local jit = off; set local enable_nestloop = off');
  for (const comparison of compared.filter(({ forOwner }) => forOwner !== true)) {
    differences.push(...(await differencesOf(client, context, comparison)));
  }
  await client.query('reset role');
  for (const comparison of compared.filter(({ forOwner }) => forOwner === true)) {
    differences.push(...(await differencesOf(client, context, comparison)));
  }
  return differences;
}
