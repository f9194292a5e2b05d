import { describe, expect, test } from 'vitest';
import { rememberMembers } from '../../src/db/dimensions.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type NetworkRecord, saveNetworks } from '../../src/db/networks.ts';
import { saveOrganizations } from '../../src/db/organizations.ts';
import { formatInstant, type Instant, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { migrateUpTo } from '../support/migrate-up-to.ts';
import { createTestDatabase, emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';

const HOUR = instantOfSeconds(3_600);
const START = parseInstant('2026-03-01T00:00:00Z') ?? 0;

const organization = (name: string, organizationId = '1') =>
  ({ organizationId, name, url: null, region: null, state: 'active' }) as const;
const network = (networkKey: string, name: string | null): NetworkRecord => ({
  networkKey,
  networkId: `N_${networkKey}`,
  name,
  productTypes: [],
  tags: [],
  timeZone: null,
});

/** Names with the hours after START from and to which they hold. */
async function names({ database }: TestDatabase, view: string, order: string): Promise<unknown[]> {
  const found = await database.pool.query<{ member: string; name: string; from: number; to: number | null }>(
    `select ${order} as member, name, extract(epoch from valid_from - $1)::integer / 3600 as from,
       extract(epoch from valid_to - $1)::integer / 3600 as to
     from meraki.${view} order by 1, valid_from`,
    [formatInstant(START)],
  );
  return found.rows.map(({ member, name, from, to }) => [member, name, from, to]);
}

describe('organizations', () => {
  const history = (owned: TestDatabase) => names(owned, 'organization_names', 'organization_id');

  test('each name holds from when it was first seen until the next was', async () => {
    const owned = await emptyTestDatabase();
    const seen = ['One', 'One', 'Two', 'One', 'One'];
    for (const [hour, name] of seen.entries()) {
      await saveOrganizations(
        owned.database,
        [organization(name), organization('Other', '2')],
        START + hour * HOUR,
      );
    }
    expect(await history(owned)).toEqual([
      ['1', 'One', 0, 2],
      ['1', 'Two', 2, 3],
      ['1', 'One', 3, null],
      ['2', 'Other', 0, null],
    ]);
  });

  test('a clock that was set back puts no name before an earlier one', async () => {
    const owned = await emptyTestDatabase();
    await saveOrganizations(owned.database, [organization('One')], START);
    await saveOrganizations(owned.database, [organization('Two')], START + 2 * HOUR);
    await saveOrganizations(owned.database, [organization('Three')], START + HOUR);
    expect(await history(owned)).toEqual([
      ['1', 'One', 0, 2],
      ['1', 'Two', 2, 2],
      ['1', 'Three', 2, null],
    ]);
  });

  test('workers that see a new name at once write it down once', async () => {
    const owned = await emptyTestDatabase();
    await saveOrganizations(owned.database, [organization('One')], START);
    await Promise.all(
      [1, 2, 3, 4].map((hour) =>
        saveOrganizations(owned.database, [organization('Two')], START + hour * HOUR),
      ),
    );
    expect(await history(owned)).toHaveLength(2);
  });
});

describe('networks', () => {
  const history = (owned: TestDatabase) => names(owned, 'network_names', 'network_id');
  const list = (owned: TestDatabase, at: Instant, ...networks: NetworkRecord[]) =>
    saveNetworks(owned.database, '1', networks, at);

  test('listed twice, on pages that moved meanwhile, are as they were listed last', async () => {
    const owned = await createTestDatabase();
    await saveOrganizations(owned.database, [organization('One')], START);
    await list(owned, START, network('1', 'Graz'), network('2', 'Linz'), network('1', 'Graz West'));
    expect(await history(owned)).toEqual([
      ['N_1', 'Graz West', 0, null],
      ['N_2', 'Linz', 0, null],
    ]);
  });

  test('are renamed, stay as they were while they are not listed, and keep a name that is left out', async () => {
    const owned = await emptyTestDatabase();
    await saveOrganizations(owned.database, [organization('One')], START);
    await list(owned, START, network('1', 'Graz'), network('2', 'Linz'), network('3', null));
    await list(owned, START + HOUR, network('1', 'Graz West'), network('2', 'Linz'));
    await list(owned, START + 2 * HOUR, network('2', null), network('3', 'Wels'));
    await list(owned, START + 3 * HOUR, network('1', 'Graz West'), network('2', 'Linz'));
    expect(await history(owned)).toEqual([
      ['N_1', 'Graz', 0, 1],
      ['N_1', 'Graz West', 1, null],
      ['N_2', 'Linz', 0, null],
      ['N_3', 'Wels', 0, null],
    ]);
  });

  test('the first name is as old as the oldest delivery, whenever that is found', async () => {
    const owned = await emptyTestDatabase();
    await saveOrganizations(owned.database, [organization('One')], START);
    await list(owned, START + 5 * HOUR, network('1', 'Graz'));
    await list(owned, START + 6 * HOUR, network('1', 'Graz West'));
    const older = { key: '1', text: 'N_1', firstAt: START - 48 * HOUR, lastAt: START };
    await owned.database.transaction((tx) =>
      rememberMembers(tx, '1', { networks: [older], alertTypes: [], endpoints: [] }),
    );
    expect(await history(owned)).toEqual([
      ['N_1', 'Graz', -48, 6],
      ['N_1', 'Graz West', 6, null],
    ]);
  });

  test('a list that cannot be written whole leaves no name behind', async () => {
    const owned = await emptyTestDatabase();
    await saveOrganizations(owned.database, [organization('One')], START);
    await list(owned, START, network('1', 'Graz'));
    await owned.database.pool.query(
      `alter table meraki_store.network_names add constraint no_salzburg check (name <> 'Salzburg')`,
    );
    await expect(
      list(owned, START + HOUR, network('1', 'Graz West'), network('2', 'Salzburg')),
    ).rejects.toThrow('no_salzburg');
    expect(await history(owned)).toEqual([['N_1', 'Graz', 0, null]]);
    const now = await owned.database.pool.query('select name from meraki_store.networks');
    expect(now.rows).toEqual([{ name: 'Graz' }]);
  });
});

test('an archive of before begins with the names it has', async () => {
  const owned = await createTestDatabase({ migrated: false });
  const { database } = owned;
  await migrateUpTo(database, '0008');
  await database.pool.query(
    `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
     values ('1', 'Two', '${formatInstant(START)}', now())`,
  );
  await database.pool.query(
    `insert into meraki_store.networks (organization_id, network_key, network_id, name, first_seen_at, last_seen_at)
     select '1', key, 'N_' || key, name, '${formatInstant(START + HOUR)}', now()
     from (values (1, 'Graz'), (2, null)) listed (key, name)`,
  );
  await migrate(database);
  expect(await names(owned, 'organization_names', 'organization_id')).toEqual([['1', 'Two', 0, null]]);
  expect(await names(owned, 'network_names', 'network_id')).toEqual([['N_1', 'Graz', 1, null]]);
});
