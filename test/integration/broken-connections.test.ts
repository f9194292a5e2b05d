import type pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { pendingMigrations } from '../../src/db/migrate.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

/** A database with a single connection, which breaks the next time it is taken from the pool. */
async function withBreakingConnection(): Promise<Database> {
  const { url } = await createTestDatabase();
  const database = openDatabase(url, testLog, 1);
  onTestFinished(() => database.close());
  database.pool.once('acquire', (client: pg.PoolClient) => {
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  });
  return database;
}

test('a connection that breaks at begin is replaced', async () => {
  const database = await withBreakingConnection();
  const nothing = database.transaction(async () => undefined);
  await expect(nothing).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', retry: 'later' });
  expect(database.pool.totalCount).toBe(0);
  await expect(database.transaction(async () => 'done')).resolves.toBe('done');
});

test('a connection that breaks while migrations are compared is a reason to try again', async () => {
  const database = await withBreakingConnection();
  await expect(pendingMigrations(database)).rejects.toMatchObject({
    code: 'DATABASE_UNREACHABLE',
    retry: 'later',
  });
  await expect(pendingMigrations(database)).resolves.toEqual([]);
});
