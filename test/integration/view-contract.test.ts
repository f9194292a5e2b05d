/*
 * A landed view only grows at its end. What has landed is known in two ways that do not depend on each other:
 * - docs/contract.json. `npm run docs:update` refuses to write it anew where that would break what it holds,
 *   and then writes none of the other docs either.
 * - The migrations themselves, which are not edited once landed: the schema after each of them has to keep what the
 *   one after the migration before has promised, whatever became of the file.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contractBreaks, type PromisedView } from '../dictionary/contract-breaks.ts';
import { contractText } from '../dictionary/contract-text.ts';
import { type DescribedView, describeViews } from '../dictionary/described-views.ts';
import { createTestDatabase } from '../support/test-database.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CONTRACT = join(ROOT, 'docs', 'contract.json');
const MIGRATIONS = join(ROOT, 'migrations');

const BROKEN = `Landed views may only get columns at their end. What has to break becomes a view of schema meraki_v2,
beside the old one. What has never landed may still change: take docs/contract.json back to a commit from before it
(git checkout COMMIT -- docs/contract.json), then run \`npm run docs:update\``;
const STALE = 'docs/contract.json lacks what was added or said anew: run `npm run docs:update`';

describe('the promised views', () => {
  test('are all there, with their columns in their places, and docs/contract.json has them all', async () => {
    const { database } = await createTestDatabase();
    const present = await describeViews(database.pool);
    // Also keeps an update from writing, since that happens in the comparison below.
    expect(contractBreaks(await promisedViews(), present), BROKEN).toEqual([]);
    await expect(contractText(present), STALE).toMatchFileSnapshot(CONTRACT);
  });

  test('lose nothing by any migration', async () => {
    const { database } = await createTestDatabase({ migrated: false });
    const client = await database.pool.connect();
    try {
      // What the runner makes before the first file.
      await client.query(`create schema meraki_ingest;
        create table meraki_ingest.migrations (name text, checksum text, applied_at timestamptz)`);
      let before: readonly DescribedView[] = [];
      for (const name of (await readdir(MIGRATIONS)).sort()) {
        await client.query(await readFile(join(MIGRATIONS, name), 'utf8'));
        const after = await describeViews(client);
        expect(contractBreaks(before, after), `${name}: ${BROKEN}`).toEqual([]);
        before = after;
      }
      expect(before.length).toBeGreaterThan(0);
    } finally {
      client.release();
    }
  });
});

/** @throws when the file is gone: then nobody knows what was promised, and git has to bring it back */
async function promisedViews(): Promise<readonly PromisedView[]> {
  return JSON.parse(await readFile(CONTRACT, 'utf8'));
}
