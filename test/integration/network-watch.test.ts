import { expect, onTestFinished, test } from 'vitest';
import { readOrganizations } from '../../src/db/organizations.ts';
import { NetworkWatch } from '../../src/jobs/network-watch.ts';
import { reconcileOrganizations } from '../../src/jobs/reconcile.ts';
import { MerakiClient } from '../../src/meraki/client.ts';
import { ALL_ORGANIZATIONS } from '../../src/organization-choice.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { hash64 } from '../../src/streams/hash.ts';
import { configFor, until, work, workUntilCaughtUp } from '../support/archive-run.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-03-01T12:00:00Z');
const SETTINGS = { API_RESPONSES_INTERVAL: '3600', WEBHOOK_LOGS_EVERY: '2h', API_RESPONSES_EVERY: '2h' };
const signal = new AbortController().signal;

interface Bench {
  readonly owned: TestDatabase;
  readonly simulator: Simulator;
  readonly clock: SteppedClock;
  /** A watch of a process of its own. */
  watch(): NetworkWatch;
  reconcile(): Promise<readonly string[]>;
}

async function setUp(organizations: number): Promise<Bench> {
  const clock = new SteppedClock(START);
  const simulator = await startSimulator({ organizations, rows: 1_000, rate: false, clock });
  onTestFinished(() => simulator.stop());
  const owned = await createTestDatabase();
  const client = new MerakiClient({
    baseUrl: simulator.baseUrl,
    key: simulator.key,
    trustedHosts: ['127.0.0.1'],
    pace: { take: async () => 0, pause: async () => undefined },
    clock,
    log: testLog,
  });
  onTestFinished(() => client.close());
  const { database } = owned;
  const options = { database, client, log: testLog, hash64 };
  return {
    owned,
    simulator,
    clock,
    watch: () => new NetworkWatch(options),
    reconcile: () =>
      reconcileOrganizations({ ...options, organizations: ALL_ORGANIZATIONS, timeZoneOf: () => 'UTC' }),
  };
}

/** How often the networks of each organization were asked for since the last look. */
function asked(simulator: Simulator): Record<string, number> {
  const counts = simulator
    .requests()
    .filter(({ operation }) => operation === 'getOrganizationNetworks')
    .map(({ organizationId, count }) => [organizationId, count] as const);
  simulator.resetRequests();
  return Object.fromEntries(counts);
}

const once = (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, 1]));

test('networks are listed at first sight and once a day, however many processes look, and not while refused', async () => {
  const { simulator, clock, watch, reconcile } = await setUp(3);
  const ids = await reconcile();
  await Promise.all([watch().look(signal), watch().look(signal)]);
  expect(asked(simulator)).toEqual(once(ids));
  await watch().look(signal);
  expect(asked(simulator)).toEqual({});
  const [refused = ''] = ids;
  simulator.setFaults({ organizations: [{ organizationId: refused, at: START, state: 'api_disabled' }] });
  await reconcile();
  for (let hour = 1; hour <= 24; hour += 1) {
    clock.set(START + hour * HOUR);
    await watch().look(signal);
  }
  expect(asked(simulator)).toEqual(once(ids.filter((id) => id !== refused)));
});

test('a list that fails is tried again an hour later, and keeps no other from being listed', async () => {
  const { simulator, clock, watch, reconcile, owned } = await setUp(2);
  const ids = await reconcile();
  const [struck = '', other = ''] = ids;
  const rule = { fault: { kind: 'wrong_shape' }, operation: 'getOrganizationNetworks' } as const;
  simulator.setFaults({ rules: [{ ...rule, organizationId: struck }] });
  await watch().look(signal);
  expect(Object.keys(asked(simulator)).sort()).toEqual([...ids].sort());
  const named = async () =>
    (
      await owned.database.pool.query<{ id: string }>(
        'select distinct organization_id as id from meraki.network_names',
      )
    ).rows.map(({ id }) => id);
  expect(await named()).toEqual([other]);
  simulator.setFaults({});
  clock.set(START + HOUR - 1);
  await watch().look(signal);
  expect(asked(simulator)[struck]).toBeUndefined();
  clock.set(START + HOUR);
  await watch().look(signal);
  expect(asked(simulator)[struck]).toBe(1);
  expect(await named()).toHaveLength(2);
});

test('after a long stop a few are listed at a time, those that are new all at once', async () => {
  const { simulator, clock, watch, reconcile, owned } = await setUp(12);
  const ids = await reconcile();
  await watch().look(signal);
  expect(asked(simulator)).toEqual(once(ids));
  const fresh = ids.slice(0, 3);
  await owned.database.pool.query('delete from meraki_ingest.network_lists where organization_id = any($1)', [
    fresh,
  ]);
  clock.set(START + 9 * DAY);
  const rounds: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    await watch().look(signal);
    rounds.push(Object.keys(asked(simulator)).length);
  }
  expect(rounds).toEqual([3 + 5, 4, 0]);
});

test('the worker sees new names of organizations and networks, and a restart asks for none', async () => {
  // The views and the queue go by the machine's time.
  const now = Date.now();
  const clock = new SteppedClock(now - DAY);
  const simulator = await startSimulator({ organizations: 1, rows: 1_000, rate: false, clock });
  onTestFinished(() => simulator.stop());
  const owned = await createTestDatabase();
  const config = configFor(simulator, owned, SETTINGS);
  const { pool } = owned.database;
  const present = async (): Promise<(string | null)[]> =>
    (
      await pool.query<{ name: string; valid_to: string | null }>(
        `
        select name, valid_to from meraki.organization_names where organization_id = $1
        union all select name, valid_to from meraki.network_names where organization_id = $1 order by valid_to, name`,
        [id],
      )
    ).rows
      .filter((row) => row.valid_to === null)
      .map(({ name }) => name);
  const id = simulator.organizations[0]?.id ?? '';
  const listed = async () => (await present()).length > 1;
  await work(config, { clock }, (_archive, _ids, aborted) => until(listed, aborted));
  const before = await present();
  expect(asked(simulator)).toEqual({ [id]: 1 });
  await workUntilCaughtUp(config, { clock });
  expect(asked(simulator)).toEqual({});

  const network = await pool.query<{ id: string }>('select id from meraki.networks order by id limit 1');
  simulator.setFaults({
    renamed: [
      { id, at: now - HOUR, name: 'Renamed Group' },
      { id: network.rows[0]?.id ?? '', at: now - HOUR, name: 'Moved Branch' },
    ],
  });
  clock.set(now);
  await work(config, { clock }, (_archive, _ids, aborted) =>
    until(async () => (await present()).includes('Moved Branch'), aborted),
  );
  const after = await present();
  expect(after).toEqual(expect.arrayContaining(['Renamed Group', 'Moved Branch']));
  expect(after).toHaveLength(before.length);
  const [stored] = await readOrganizations(owned.database);
  expect(stored?.name).toBe('Renamed Group');
});
