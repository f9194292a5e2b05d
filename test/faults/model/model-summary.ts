import { PLACES } from './reach.ts';
import type { ModelResult } from './run-model-plan.ts';

const FIGURES = [
  'jobs',
  'crashes',
  'drops',
  'pauses',
  'jumps',
  'takeovers',
  'superseded',
  'resumed',
  'commits',
  'pages',
  'pagesLeast',
  'pagesMost',
  'checks',
  'rowsFinal',
  'rowsCompared',
  'requestsCompared',
  'lost',
  'doubled',
  'falseCoverage',
  'milliseconds',
] as const;

/** All results together, and how often each place was hit, as text for a person. */
export function summarize(results: readonly ModelResult[]): string {
  const failed = results.filter(({ failures }) => failures.length > 0).map(({ seed }) => seed);
  const sums = FIGURES.map(
    (name) => `${name} ${results.reduce((sum, result) => sum + Number(result[name]), 0)}`,
  );
  return [
    `${results.length} plans, ${failed.length} failed${failed.length > 0 ? `: ${failed.join(' ')}` : ''}`,
    sums.join(', '),
    `reached: ${PLACES.map((name) => `${name} ${results.reduce((sum, { reach }) => sum + reach[name], 0)}`).join(', ')}`,
    `errors: ${table(addUp(results.map(({ errors }) => errors))).join(', ')}`,
    'hits:',
    ...table(addUp(results.map(({ hits }) => hits))).map((line) => `  ${line}`),
  ].join('\n');
}

/** One table of counts out of several. */
export function addUp(tables: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const one of tables) for (const [name, count] of one) sums.set(name, (sums.get(name) ?? 0) + count);
  return sums;
}

function table(counts: ReadonlyMap<string, number>): readonly string[] {
  return [...counts].sort(([a], [b]) => a.localeCompare(b)).map(([name, count]) => `${name}: ${count}`);
}
