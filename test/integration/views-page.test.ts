import { expect, test } from 'vitest';
import { describeViews } from '../dictionary/described-views.ts';
import { viewsPage } from '../dictionary/views-page.ts';
import { createTestDatabase } from '../support/test-database.ts';

const STALE = 'docs/views.md differs from the views in the database: run `npm run docs:update`';

test('docs/views.md is what the views say of themselves', async () => {
  const { database } = await createTestDatabase();
  const page = viewsPage(await describeViews(database.pool));
  await expect(page, STALE).toMatchFileSnapshot('../../docs/views.md');
});
