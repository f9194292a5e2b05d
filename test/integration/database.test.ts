import { sql } from 'drizzle-orm';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { DatabaseUnreachableError } from '../../src/errors.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

test('a connection that is lost as a transaction begins is given back to the pool', async () => {
  const { url } = await createTestDatabase();
  const database = openDatabase(url, testLog, 1);
  onTestFinished(() => database.close());
  let cuts = 0;
  database.pool.on('acquire', (client) => {
    cuts += 1;
    if (cuts > 2) return;
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  });
  const ask = () => database.transaction((tx) => tx.execute<{ one: number }>(sql`select 1 as one`));
  await expect(ask()).rejects.toThrow(DatabaseUnreachableError);
  await expect(ask()).rejects.toThrow(DatabaseUnreachableError);
  expect((await ask()).rows).toEqual([{ one: 1 }]);
});
