/*
 * The tests, tested: each mutation breaks the code in one place of a copy of the repository, and at least one of
 * the tests named for it has to fail. A test has to fail, not merely a file to load.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { withClient } from '../support/run-databases.ts';
import type { Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';
import { mutationsPage, type TriedMutation } from './mutations-page.ts';
import { RepositoryCopy } from './repository-copy.ts';
import { runTestFiles, type TestFilesRun } from './run-test-files.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'mutations.md');
const part = inject('part').toLowerCase();
const chosen = mutations.filter(({ invariant, name }) => `${invariant} ${name}`.toLowerCase().includes(part));
const caught = new Map<Mutation, TriedMutation>();
const redisUrl = inject('redisUrl');
const environment = {
  TEST_DATABASE_URL: inject('postgresAdminUrl'),
  ...(redisUrl !== null && { TEST_REDIS_URL: redisUrl }),
};

async function runOnCopy(files: readonly string[], mutation?: Mutation): Promise<TestFilesRun> {
  const copy = await RepositoryCopy.make();
  try {
    if (mutation !== undefined) await copy.apply(mutation);
    const run = await runTestFiles(copy.path, files, environment);
    await withClient(environment.TEST_DATABASE_URL, async (client) => {
      for (const name of run.keptDatabases)
        await client.query(`drop database if exists ${name} with (force)`);
    });
    return run;
  } finally {
    await copy.remove();
  }
}

test('there are mutations to try, no two of one name', () => {
  expect(chosen.length).toBeGreaterThan(0);
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
});

describe('is caught:', { concurrent: true }, () => {
  beforeAll(async () => {
    const files = [...new Set(chosen.flatMap(({ caughtBy }) => caughtBy))];
    const unmutated = await runOnCopy(files);
    expect({ failed: unmutated.failed, notLoaded: unmutated.notLoaded }).toEqual({
      failed: [],
      notLoaded: [],
    });
  });

  for (const mutation of chosen) {
    test(`${mutation.invariant} ${mutation.name}`, async () => {
      const { passed, failed, notLoaded } = await runOnCopy(mutation.caughtBy, mutation);
      expect(notLoaded, 'the mutated code cannot be loaded').toEqual([]);
      expect(passed, 'nothing works any more, which is no such mistake').toBeGreaterThan(0);
      expect(failed.length, 'no test notices').toBeGreaterThan(0);
      caught.set(mutation, { mutation, failed });
    });
  }
});

afterAll(async () => {
  const tried = chosen.flatMap((mutation) => caught.get(mutation) ?? []);
  for (const { mutation, failed } of tried) {
    const names = failed.map(({ file, name }) => `\n      ${file}: ${name}`).join('');
    process.stdout.write(`${mutation.invariant} ${mutation.name}${names}\n`);
  }
  process.stdout.write(`${tried.length} of ${chosen.length} mutations were caught.\n`);
  if (tried.length === mutations.length) await writeFile(PAGE, mutationsPage(tried));
});
