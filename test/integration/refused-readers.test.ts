/* Roles that `reader add` refuses, since they would see more than the organizations that are named. */
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import {
  add,
  admin,
  first,
  ids,
  knowOrganizations,
  owned,
  roleName,
  second,
} from '../support/organization-readers.ts';

knowOrganizations();

describe('is refused', () => {
  const refusal = (role: string, ...organizations: string[]) =>
    add(role, ...organizations).then(
      () => undefined,
      (error: unknown) => {
        expect(error).toBeInstanceOf(UsageError);
        return (error as Error).message;
      },
    );

  test('an organization that is not known, with those that are', async () => {
    const role = roleName();
    const message = await refusal(role, first(), '404');
    expect(message).toContain('the name 404.');
    for (const id of ids) expect(message).toContain(id);
    expect(
      (await owned.database.pool.query('select from pg_roles where rolname = $1', [role])).rowCount,
    ).toBe(0);
  });

  test.each([
    '',
    'public',
    'none',
    'pg_monitor',
    'meraki_reader',
    'meraki_organization_reader',
    'ü'.repeat(32),
  ])('the name %j', async (name) => {
    expect(await refusal(name, first())).toMatch(/reserved|1 to 63 bytes/);
  });

  test('the owner of the archive', async () => {
    const found = await owned.database.pool.query<{ name: string }>('select current_user as name');
    expect(await refusal(found.rows[0]?.name ?? '', first())).toMatch(/superuser|writes the archive/);
  });

  test.each([
    ['superuser', 'is a superuser'],
    ['replication', 'may replicate'],
    ['createrole', 'may create roles'],
    ['noinherit', 'does not inherit'],
  ])('a role that is %s', async (attribute, why) => {
    const role = roleName();
    await admin(`create role ${role} login ${attribute}`);
    expect(await refusal(role, first())).toContain(why);
  });

  test.each([
    ['meraki_reader', 'meraki_reader, which sees more'],
    ['pg_read_all_data', 'pg_read_all_data, which sees more'],
    ['pg_write_all_data', 'pg_write_all_data, which sees more'],
  ])('a member of %s, also by way of another role', async (group, why) => {
    const [between, role] = [roleName(), roleName()];
    await admin(
      `create role ${between}; grant ${group} to ${between}; create role ${role} login; grant ${between} to ${role}`,
    );
    expect(await refusal(role, first())).toMatch(new RegExp(`${why}|${between}, which sees more`));
  });

  test('a member of a role that reads the views of all organizations by grants of its own', async () => {
    const [between, role] = [roleName(), roleName()];
    await admin(
      `create role ${between}; grant usage on schema meraki to ${between};
       grant select on all tables in schema meraki to ${between}; create role ${role} login; grant ${between} to ${role}`,
    );
    expect(await refusal(role, first())).toContain(`${between}, which sees more`);
  });

  test('a member of a role that sees other organizations', async () => {
    const [other, role] = [roleName(), roleName()];
    await add(other, second());
    await admin(`create role ${role} login; grant ${other} to ${role}`);
    expect(await refusal(role, first())).toContain(`${other}, which sees more`);
  });

  test('a role that may read the tables', async () => {
    const role = roleName();
    await admin(`create role ${role} login; grant select on meraki_store.networks to ${role}`);
    expect(await refusal(role, first())).toContain('may read meraki_store.networks');
  });
});
