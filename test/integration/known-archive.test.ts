/* The cookbook and the kits ask one archive with known contents: to fill it takes longer than to ask. */
import { afterAll, beforeAll } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { cookbookTests } from '../cookbook/cookbook-tests.ts';
import { biToolTests } from '../kits/bi-tool-tests.ts';
import { dbtTests } from '../kits/dbt-tests.ts';
import { fillArchive } from '../known-archive/fill-archive.ts';
import { Known } from '../known-archive/known.ts';
import { makeFacts } from '../known-archive/make-facts.ts';
import { connectReader } from '../known-archive/reader.ts';
import { createTestDatabase } from '../support/test-database.ts';

const known = new Known(makeFacts());
const archive: Partial<Awaited<ReturnType<typeof open>>> = {};

async function open() {
  // Migrated, not cloned: the reader's settings in a database do not come with a copy.
  const owned = await createTestDatabase({ migrated: false });
  await migrate(owned.database);
  await fillArchive(owned.database, known.facts);
  return { database: owned.database, reader: await connectReader(owned) };
}

function opened() {
  const { database, reader } = archive;
  if (database === undefined || reader === undefined) throw new Error('the archive is not open');
  return { known, database, reader };
}

beforeAll(async () => {
  Object.assign(archive, await open());
}, 180_000);

afterAll(() => archive.reader?.end());

cookbookTests(opened);
dbtTests(opened);
biToolTests(opened);
