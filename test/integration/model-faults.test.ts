import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createModelDatabase, type ModelDatabase } from '../faults/model/model-database.ts';
import { PLACES } from '../faults/model/reach.ts';
import { type ModelResult, runModelPlan } from '../faults/model/run-model-plan.ts';
import { COMMIT_STATEMENTS, LARGE_COMMIT_STATEMENTS } from '../faults/model/statement-label.ts';
import { modelSeeds } from '../faults/seeds.ts';

/**
 * With the seeds that once failed they are enough for a process to end at every statement of a page's commit, and to
 * reach what only some kinds of plans reach.
 */
const FIXED_SEEDS = [24, 35, 41, 53, 61, 71, 78, 465, 1026, 1109, 1370];

const results: ModelResult[] = [];
let database: ModelDatabase;

beforeAll(async () => {
  database = await createModelDatabase(inject('postgresAdminUrl'));
});

afterAll(() => database.drop());

describe('I1 to I5: a random interleaving of processes that crash, pause and lose connections', () => {
  test.each([...new Set([...FIXED_SEEDS, ...modelSeeds])])(
    'is exact: seed %i',
    async (seed) => {
      const result = await runModelPlan(seed, { databaseUrl: database.url });
      results.push(result);
      expect(result.failures).toEqual([]);
      expect(result).toMatchObject({ lost: 0, doubled: 0, falseCoverage: 0 });
      expect(result.checks).toBeGreaterThan(result.crashes);
      expect(result.commits).toBeGreaterThan(0);
      // One of them has a thousand commits, which a busy machine takes its time for.
    },
    180_000,
  );

  test('ends at each statement of a commit at least once, and no commit has another', () => {
    const ended = new Set(results.flatMap(({ hits }) => [...hits.keys()].map(crashedAt)));
    const statements: readonly string[] = [...COMMIT_STATEMENTS, ...LARGE_COMMIT_STATEMENTS];
    expect(statements.filter((statement) => !ended.has(statement))).toEqual([]);
    const sent = new Set(results.flatMap(({ pageStatements }) => [...pageStatements]));
    const known = [...statements, 'rollback'];
    expect([...sent].filter((statement) => !known.includes(statement))).toEqual([]);
  });

  test('reads pages while others are being committed', () => {
    expect(Math.max(...results.map(({ mostAtOnce }) => mostAtOnce))).toBeGreaterThan(1);
  });

  test('reads several windows side by side, and takes over several that were left open', () => {
    expect(Math.max(...results.map(({ mostOpen }) => mostOpen))).toBeGreaterThan(2);
    expect(Math.max(...results.map(({ mostResumed }) => mostResumed))).toBeGreaterThan(1);
  });

  test.each(PLACES)('comes to some of %s', (place) => {
    expect(results.reduce((total, { reach }) => total + reach[place], 0)).toBeGreaterThan(0);
  });

  test('fences some of them, and lets others take over', () => {
    const sum = (name: 'takeovers' | 'superseded' | 'drops' | 'pauses') =>
      results.reduce((total, result) => total + result[name], 0);
    for (const name of ['takeovers', 'superseded', 'drops', 'pauses'] as const) {
      expect(sum(name)).toBeGreaterThan(0);
    }
  });
});

/** `crash before tx: commit` happened at `commit`. */
function crashedAt(hit: string): string | undefined {
  return /^crash (?:before|during|after) (?:tx: )?(.*)$/.exec(hit)?.[1];
}
