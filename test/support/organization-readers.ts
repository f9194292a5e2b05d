import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { beforeAll, onTestFinished } from 'vitest';
import { addReader, listReaders, type ReaderOptions, removeReader } from '../../src/commands/readers.ts';
import { loadConfig } from '../../src/config.ts';
import { saveOrganizations } from '../../src/db/organizations.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { configFor, workUntilCaughtUp } from './archive-run.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { testLog } from './test-log.ts';

const SETTINGS = { API_RESPONSES_INTERVAL: '3600', WEBHOOK_LOGS_EVERY: '2h', API_RESPONSES_EVERY: '2h' };
export const PASSWORD = 'password-of-the-test';

export let owned: TestDatabase;
/** The organizations of the archive. */
export let ids: readonly string[];
export const [first, second] = [() => ids[0] ?? '', () => ids[1] ?? ''];

/** Fills an archive of two organizations for the file that calls it. */
export function fillForReaders(): void {
  beforeAll(async () => {
    const simulator = await startSimulator({ organizations: 2, rows: 600 });
    owned = await createTestDatabase();
    await workUntilCaughtUp(configFor(simulator, owned, SETTINGS));
    ids = simulator.organizations.filter(({ enabled }) => enabled).map(({ id }) => id);
    await simulator.stop();
  });
}

/** Makes an archive that knows two organizations, and nothing of them, for the file that calls it. */
export function knowOrganizations(): void {
  beforeAll(async () => {
    owned = await createTestDatabase();
    ids = ['500127', '500128'];
    const seen = ids.map((organizationId) => ({
      organizationId,
      name: `Organization ${organizationId}`,
      url: null,
      region: null,
      state: 'active' as const,
    }));
    await saveOrganizations(owned.database, seen, instantOfMilliseconds(Date.now()));
  });
}

export const admin = (statement: string) => owned.database.pool.query(statement);

/** A name for a role that is dropped when the test ends. */
export function roleName(suffix = ''): string {
  const role = `historian_test_${randomBytes(5).toString('hex')}${suffix}`;
  onTestFinished(async () => {
    const found = await owned.database.pool.query('select from pg_roles where rolname = $1', [role]);
    if (found.rowCount === 1) await admin(`drop owned by ${quoted(role)}; drop role ${quoted(role)}`);
  });
  return role;
}

export const quoted = (role: string) => pg.escapeIdentifier(role);

export function urlOf(role: string): string {
  const url = new URL(owned.url);
  url.username = encodeURIComponent(role);
  url.password = PASSWORD;
  return url.href;
}

/** Runs a command and gives what it says. */
export async function said(
  work: (options: ReaderOptions) => Promise<void>,
  url = owned.url,
): Promise<string> {
  const stream = new PassThrough();
  const whole = text(stream);
  const config = loadConfig({ DATABASE_URL: url }, { key: false, terminal: false });
  await work({ config, log: testLog, output: { stream, terminal: false } }).finally(() => stream.end());
  return whole;
}

export const add = (role: string, ...organizations: string[]) =>
  said((options) => addReader(options, role, organizations));
export const remove = (role: string, drop = false) => said((options) => removeReader(options, role, drop));
export const listed = async () =>
  (
    JSON.parse(await said((options) => listReaders({ ...options, json: true }))) as {
      readers: { role: string; organization_ids: string[]; state: string }[];
    }
  ).readers;

export async function loggedIn<T>(role: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  await admin(`alter role ${quoted(role)} password '${PASSWORD}'`);
  const client = new pg.Client({ connectionString: urlOf(role) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export const seenBy = (role: string) =>
  loggedIn(role, async (client) => {
    const found = await client.query<{ id: string }>('select id from meraki.organizations order by id');
    return found.rows.map(({ id }) => id);
  });
