import { expect, test } from 'vitest';
import { addReader, listReaders, removeReader } from '../../src/commands/readers.ts';
import { MissingRightsError } from '../../src/errors.ts';
import {
  add,
  admin,
  fillForReaders,
  first,
  listed,
  loggedIn,
  owned,
  PASSWORD,
  quoted,
  remove,
  roleName,
  said,
  second,
  seenBy,
  urlOf,
} from '../support/organization-readers.ts';

fillForReaders();

test('a role that was added sees its organizations in every view, and no others', async () => {
  const role = roleName();
  const told = await add(role, first());
  expect(told).toContain(first());
  expect(told).toContain(`\\password ${role}`);
  expect(told).not.toContain(second());
  const views = await owned.database.pool.query<{ view: string; column: string }>(
    `select c.relname as view, a.attname as column from pg_class c
     join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'meraki'::regnamespace and c.relkind = 'v'
       and (a.attname = 'organization_id' or (c.relname, a.attname) = ('organizations', 'id'))`,
  );
  expect(views.rows.length).toBeGreaterThan(20);
  await loggedIn(role, async (client) => {
    const filled: string[] = [];
    for (const { view, column } of views.rows) {
      const found = await client.query<{ id: string }>(`select distinct ${column} as id from meraki.${view}`);
      if (found.rows.length === 0) continue;
      expect({ view, ids: found.rows.map(({ id }) => id) }).toEqual({ view, ids: [first()] });
      filled.push(view);
    }
    expect(filled).toEqual(
      expect.arrayContaining(['organizations', 'organization_names', 'network_names', 'networks']),
    );
    const settings = await client.query(
      `select current_setting('default_transaction_read_only') as read_only,
         current_setting('statement_timeout') as timeout, current_setting('timezone') as zone`,
    );
    expect(settings.rows).toEqual([{ read_only: 'on', timeout: '1min', zone: 'UTC' }]);
    for (const table of ['meraki_store.organizations', 'meraki_ingest.reader_organizations']) {
      await expect(client.query(`select from ${table}`)).rejects.toThrow('permission denied');
    }
    for (const other of ['meraki_reader', 'meraki_organization_reader']) {
      await client.query(`set role ${other}`).catch(() => undefined);
      const found = await client.query('select id from meraki.organizations where id <> $1', [first()]);
      expect(found.rows).toEqual([]);
      await client.query('reset role');
    }
  });
});

test('added again it sees what is given then, and the same twice changes nothing', async () => {
  const role = roleName();
  await add(role, first(), second(), first());
  expect(await seenBy(role)).toEqual([first(), second()].sort());
  const told = await add(role, second());
  expect(told).toContain(`no longer sees ${first()}`);
  expect(told).not.toContain('\\password');
  expect(await seenBy(role)).toEqual([second()]);
  await add(role, second());
  expect(await seenBy(role)).toEqual([second()]);
});

test('a role that is there keeps its password and is held to the list', async () => {
  const role = roleName();
  await admin(`create role ${role} login password 'kept'`);
  const before = await admin(`select rolpassword from pg_authid where rolname = '${role}'`);
  await add(role, first());
  expect((await admin(`select rolpassword from pg_authid where rolname = '${role}'`)).rows).toEqual(
    before.rows,
  );
  expect(await seenBy(role)).toEqual([first()]);
});

test('names are quoted, whatever they hold', async () => {
  const role = roleName(`" superuser; drop role x; -- Ü'`);
  const told = await add(role, first());
  expect(told).toContain(`\\password ${quoted(role)}`);
  expect(await seenBy(role)).toEqual([first()]);
  const found = await owned.database.pool.query('select rolsuper from pg_roles where rolname = $1', [role]);
  expect(found.rows).toEqual([{ rolsuper: false }]);
  await remove(role, true);
  expect((await owned.database.pool.query('select from pg_roles where rolname = $1', [role])).rowCount).toBe(
    0,
  );
});

test('list says who sees what, and what became of the roles', async () => {
  const [ready, dropped, robbed, group] = [roleName(), roleName(), roleName(), roleName()];
  await add(ready, first(), second());
  await add(dropped, first());
  await add(robbed, first());
  await admin(`drop role ${dropped}; revoke meraki_organization_reader from ${robbed}`);
  await admin(`create role ${group}; grant meraki_organization_reader to ${group}`);
  const states = new Map((await listed()).map((one) => [one.role, one]));
  expect(states.get(ready)).toEqual({
    role: ready,
    organization_ids: [first(), second()].sort(),
    state: 'ready',
  });
  expect([dropped, robbed, group].map((role) => states.get(role)?.state)).toEqual([
    'dropped',
    'without rights',
    'cannot log in',
  ]);
  expect(states.get(group)?.organization_ids).toEqual([]);
  const told = await said((options) => listReaders({ ...options, json: false }));
  expect(told).toMatch(new RegExp(`${ready} +.*\\(${first()}\\)`));
  await admin(`grant meraki_reader to ${ready}`);
  expect((await listed()).find(({ role }) => role === ready)?.state).toBe(
    'not held to these: has the rights of meraki_reader, which sees more',
  );
  for (const role of [dropped, robbed]) await remove(role);
  expect((await listed()).filter(({ role }) => [dropped, robbed].includes(role))).toEqual([]);
});

test('a role that was removed sees nothing, and is dropped only when that is asked for', async () => {
  const role = roleName();
  await add(role, first());
  await remove(role);
  await expect(seenBy(role)).rejects.toThrow('permission denied');
  const settings = await admin(
    `select from pg_db_role_setting s join pg_roles r on r.oid = s.setrole where r.rolname = '${role}'`,
  );
  expect(settings.rowCount).toBe(0);
  await expect(remove(role)).rejects.toThrow('no role that sees some organizations only');
  await add(role, second());
  expect(await seenBy(role)).toEqual([second()]);
  await remove(role, true);
  expect((await admin(`select from pg_roles where rolname = '${role}'`)).rowCount).toBe(0);
});

test('without the right to make roles, an administrator is told what to run, and then it works', async () => {
  const [writer, role] = [roleName(), roleName()];
  await admin(
    `create role ${writer} login password '${PASSWORD}'; grant pg_read_all_data, pg_write_all_data to ${writer}`,
  );
  const asWriter = () => said((options) => addReader(options, role, [first()]), urlOf(writer));
  const refused = await asWriter().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(MissingRightsError);
  const { message } = refused as Error;
  expect((await listed()).map((one) => one.role)).not.toContain(role);
  const statements = message.split('\n').filter((line) => line.endsWith(';'));
  expect(statements).toHaveLength(7);
  await admin(statements.join('\n'));
  await asWriter();
  expect(await seenBy(role)).toEqual([first()]);
  const kept = await said((options) => removeReader(options, role, false), urlOf(writer)).catch(
    (error: unknown) => error,
  );
  expect(kept).toBeInstanceOf(MissingRightsError);
  expect(await seenBy(role)).toEqual([first()]);
});
