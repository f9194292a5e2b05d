import { expect, test } from 'vitest';
import {
  noteAnswer,
  readOrganizations,
  type SeenOrganization,
  saveOrganizations,
} from '../../src/db/organizations.ts';
import type { OrganizationState } from '../../src/db/schema.ts';
import { instantOfSeconds } from '../../src/instant.ts';
import { createTestDatabase } from '../support/test-database.ts';

function seen(organizationId: string, state: OrganizationState = 'active', name = 'One'): SeenOrganization {
  return { organizationId, name, url: null, region: null, state };
}

test('organizations join, are renamed, are paused, vanish and return', async () => {
  const { database } = await createTestDatabase();
  const states = async () => (await readOrganizations(database)).map(({ name, state }) => `${name} ${state}`);
  let now = instantOfSeconds(1_790_000_000);
  const save = (...organizations: SeenOrganization[]) => {
    now += instantOfSeconds(600);
    return saveOrganizations(database, organizations, now);
  };
  await save(seen('1'), seen('2', 'api_disabled', 'Two'));
  expect(await states()).toEqual(['One active', 'Two api_disabled']);
  await save(seen('1', 'active', 'Renamed'));
  expect(await states()).toEqual(['Renamed active', 'Two vanished']);
  await save(seen('1', 'active', 'Renamed'), seen('2', 'active', 'Two'));
  expect(await states()).toEqual(['Renamed active', 'Two active']);
});

test('a refused organization stays refused, though listed as active, until it answers', async () => {
  const { database } = await createTestDatabase();
  const now = instantOfSeconds(1_790_000_000);
  const state = async () => (await readOrganizations(database))[0]?.state;
  await saveOrganizations(database, [seen('1')], now);
  await noteAnswer(database, '1', 'refused', now);
  await saveOrganizations(database, [seen('1')], now + 1);
  expect(await state()).toBe('refused');
  await noteAnswer(database, '1', 'active', now + 1);
  expect(await state()).toBe('active');
  await saveOrganizations(database, [], now + 2);
  await noteAnswer(database, '1', 'active', now + 1);
  expect(await state()).toBe('vanished');
});
