/* What all commands print as JSON is named and dated in one way. */
import { beforeAll, expect, test } from 'vitest';
import { formatInstant, instantOfMilliseconds } from '../../src/instant.ts';
import { HOURLY, run, settings, setUpCommandLine, simulator } from '../support/command-line.ts';
import { createTestDatabase } from '../support/test-database.ts';

setUpCommandLine();

const HOUR = 3_600_000;
let url: string;

const ago = (milliseconds: number) => formatInstant(instantOfMilliseconds(Date.now() - milliseconds));

beforeAll(async () => {
  const owned = await createTestDatabase();
  url = owned.url;
  await run(['sync', '--from', ago(80 * HOUR), '--to', ago(10 * HOUR)], settings(url));
  await owned.database.pool.query(
    `insert into meraki_ingest.quarantine (organization_id, stream, series, digest, raw, reason, first_seen_at,
       last_seen_at, copies, sent_at)
     select organization_id, 'webhook_logs', 'all', repeat('0', 64), '{}', 'no row', now(), now(), 1, now()
     from meraki_store.organizations`,
  );
});

const organization = () => simulator.organizations[0]?.id ?? '';

const COMMANDS: readonly (readonly [name: string, holds: string, rest: () => readonly string[]])[] = [
  ['sync', 'streams', () => ['--from', ago(9 * HOUR), '--to', ago(8 * HOUR)]],
  ['status', 'streams', () => []],
  ['gaps', 'gaps', () => []],
  ['explain', 'streams', () => [organization(), ago(20 * HOUR)]],
  ['audit', 'audits', () => ['--requests', '4']],
  ['quarantine list', 'rows', () => []],
  ['quarantine replay', 'streams', () => []],
  ['reader list', 'readers', () => []],
  ['rollups check', 'streams', () => []],
  ['rollups rebuild', 'streams', () => []],
  ['doctor', 'findings', () => []],
];

const LOOKS_LIKE_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

function oddities(value: unknown, place: string): readonly string[] {
  if (typeof value === 'string') {
    return LOOKS_LIKE_TIME.test(value) && !TIME.test(value) ? [`${place}: ${value}`] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const here = `${place}.${name}`;
    const isOdd = !Array.isArray(value) && !/^[a-z][a-z0-9_]*$/.test(name);
    return [...(isOdd ? [here] : []), ...oddities(member, here)];
  });
}

test.each(COMMANDS)('%s', async (name, holds, rest) => {
  const ended = await run([...name.split(' '), ...rest(), '--json'], settings(url));
  expect([0, 7]).toContain(ended.exitCode);
  const told = JSON.parse(ended.stdout);
  expect(told).toHaveProperty(holds);
  if (name !== 'reader list') expect(told[holds].length).toBeGreaterThan(0);
  expect(oddities(told, name)).toEqual([]);
});

test('demo', async () => {
  const { url: empty } = await createTestDatabase({ migrated: false });
  const demo = ['demo', '--once', '--rows', '2000', '--organizations', '1', '--json'];
  const ended = await run(demo, { ...HOURLY, DATABASE_URL: empty });
  expect(ended.exitCode).toBe(0);
  expect(oddities(JSON.parse(ended.stdout), 'demo')).toEqual([]);
});
