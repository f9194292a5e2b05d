/*
 * Login roles that see some organizations only. Roles belong to the whole server; which organizations one sees is
 * written in this database (meraki_ingest.reader_organizations), and counts for roles that have the rights of
 * meraki_organization_reader.
 */
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { type Queryable, type Transaction, translated } from './database.ts';

export const READER_GROUP = 'meraki_organization_reader';

export interface Reader {
  readonly role: string;
  readonly organizationIds: readonly string[];
  /** False: dropped by somebody else. */
  readonly exists: boolean;
  readonly canLogIn: boolean;
  /** Whether it has the group's rights; without them it sees nothing. */
  readonly isMember: boolean;
}

/** Every role that has a list of organizations, and every one with the group's rights that has none. */
export async function readReaders(query: Queryable): Promise<readonly Reader[]> {
  const found = await translated(
    query.execute<{
      role: string;
      organizations: string[];
      exists: boolean;
      can_log_in: boolean;
      is_member: boolean;
    }>(sql`
      with readers as (
        select role_name::text as role, array_agg(organization_id order by organization_id) as organizations
        from meraki_ingest.reader_organizations group by role_name
      ), members as (
        select r.rolname::text as role from pg_auth_members m
        join pg_roles g on g.oid = m.roleid and g.rolname = ${READER_GROUP}
        join pg_roles r on r.oid = m.member
      )
      select k.role, coalesce(l.organizations, '{}') as organizations, r.oid is not null as exists,
        coalesce(r.rolcanlogin, false) as can_log_in,
        exists (select from members m where m.role = k.role) as is_member
      from (select role from readers union select role from members) k
      left join readers l on l.role = k.role
      left join pg_roles r on r.rolname = k.role
      order by k.role collate "C"`),
  );
  return found.rows.map((row) => ({
    role: row.role,
    organizationIds: row.organizations,
    exists: row.exists,
    canLogIn: row.can_log_in,
    isMember: row.is_member,
  }));
}

/**
 * What makes the group by which readers have their rights, as statements for this server; none: it is there. Whoever
 * migrated may not have been allowed to make it.
 */
export async function statementsForGroup(query: Queryable): Promise<readonly string[]> {
  const found = await translated(
    query.execute<{ owner: string; is_there: boolean }>(sql`
      select current_user::text as owner,
        exists (select from pg_roles where rolname = ${READER_GROUP}) as is_there`),
  );
  const { owner = '', is_there: isThere = false } = found.rows[0] ?? {};
  if (isThere) return [];
  return [
    `create role ${READER_GROUP} nologin`,
    `grant usage on schema meraki to ${READER_GROUP}`,
    `grant select on all tables in schema meraki to ${READER_GROUP}`,
    `alter default privileges for role ${pg.escapeIdentifier(owner)} in schema meraki grant select on tables to ${READER_GROUP}`,
  ];
}

/** Why a role that is there must not become one of these readers, in words that go on after "it"; none: it may. */
export async function objectionTo(query: Queryable, role: string): Promise<string | undefined> {
  const found = await translated(
    query.execute<{ objection: string | null }>(sql`
      select case
        when r.rolsuper then 'is a superuser'
        when r.rolreplication then 'may replicate the whole server'
        when r.rolcreaterole then 'may create roles, and so give itself more rights'
        when not r.rolinherit then 'does not inherit the rights of its groups, and so would see nothing'
        when r.rolname = current_user then 'is the role that writes the archive'
        else coalesce(
          (select 'has the rights of ' || o.rolname || ', which owns the archive' from pg_roles o
            where pg_has_role(r.oid, o.oid, 'member') and o.oid in (
              select relowner from pg_class where relnamespace in (${OURS})
              union select nspowner from pg_namespace where oid in (${OURS})
              union select datdba from pg_database where datname = current_database())
            order by 1 limit 1),
          (select 'has the rights of ' || o.rolname || ', which sees more' from pg_roles o
            where o.oid <> r.oid and pg_has_role(r.oid, o.oid, 'member') and o.rolname <> ${READER_GROUP}
              and (o.rolname = any(${POWERFUL})
                or o.rolname in (select role_name from meraki_ingest.reader_organizations)
                or has_table_privilege(o.oid, 'meraki.organizations', 'select'))
            order by 1 limit 1),
          (select 'may read ' || c.oid::regclass || ', which holds all organizations' from pg_class c
            where c.relnamespace in ('meraki_store'::regnamespace, 'meraki_ingest'::regnamespace)
              and c.relkind in ('r', 'p', 'v') and has_table_privilege(r.oid, c.oid, 'select')
            order by 1 limit 1))
        end as objection
      from pg_roles r where r.rolname = ${role}`),
  );
  return found.rows[0]?.objection ?? undefined;
}

const OURS = sql`'meraki'::regnamespace, 'meraki_store'::regnamespace, 'meraki_ingest'::regnamespace`;
const POWERFUL = sql`array['meraki_reader', 'pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files',
  'pg_write_server_files', 'pg_execute_server_program']`;

/** What a role lacks to be such a reader, as statements for this server; none: it is one. */
export async function statementsToAdd(query: Queryable, role: string): Promise<readonly string[]> {
  const { exists, isMember, settings, name, inDatabase } = await standOf(query, role);
  return [
    ...(exists ? [] : [`create role ${name} login`]),
    ...(isMember ? [] : [`grant ${READER_GROUP} to ${name}`]),
    ...Object.entries(SETTINGS)
      .filter(([setting, value]) => settings.get(setting) !== value)
      .map(
        ([setting, value]) =>
          `${inDatabase} set ${setting} = ${LISTS.includes(setting) ? value : pg.escapeLiteral(value)}`,
      ),
  ];
}

/** What makes a role no such reader any more, or drops it, as statements for this server. */
export async function statementsToRemove(
  query: Queryable,
  role: string,
  drop: boolean,
): Promise<readonly string[]> {
  const { exists, isMember, settings, name, inDatabase } = await standOf(query, role);
  if (!exists) return [];
  if (drop) return [`drop role ${name}`];
  return [
    ...(isMember ? [`revoke ${READER_GROUP} from ${name}`] : []),
    ...Object.keys(SETTINGS)
      .filter((setting) => settings.has(setting))
      .map((setting) => `${inDatabase} reset ${setting}`),
  ];
}

/** As Postgres spells them; the same that meraki_reader has. */
const SETTINGS = {
  default_transaction_read_only: 'on',
  statement_timeout: '60s',
  TimeZone: 'UTC',
  jit: 'off',
  search_path: 'meraki_operators, pg_catalog, meraki, public',
};
/** A list of names: as one literal it would be one name. */
const LISTS: readonly string[] = ['search_path'];

async function standOf(query: Queryable, role: string) {
  const found = await translated(
    query.execute<{ database: string; exists: boolean; member: boolean; settings: string[] }>(sql`
      select current_database() as database, r.oid is not null as exists,
        exists (select from pg_auth_members m join pg_roles g on g.oid = m.roleid
          where m.member = r.oid and g.rolname = ${READER_GROUP}) as member,
        coalesce((select s.setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
          where s.setrole = r.oid and d.datname = current_database()), '{}') as settings
      from (select ${role}::text as name) asked
      left join pg_roles r on r.rolname = asked.name`),
  );
  const { database = '', exists = false, member = false, settings = [] } = found.rows[0] ?? {};
  const name = pg.escapeIdentifier(role);
  const pairs = settings.map((pair): [string, string] => {
    const [setting = '', ...value] = pair.split('=');
    return [setting, value.join('=')];
  });
  return {
    exists,
    isMember: member,
    settings: new Map(pairs),
    name,
    inDatabase: `alter role ${name} in database ${pg.escapeIdentifier(database)}`,
  };
}

/** Makes these the organizations that a role sees, in place of those it saw. */
export async function setReaderOrganizations(
  tx: Transaction,
  role: string,
  organizationIds: readonly string[],
): Promise<void> {
  await tx.execute(sql`delete from meraki_ingest.reader_organizations where role_name = ${role}`);
  await tx.execute(sql`
    insert into meraki_ingest.reader_organizations (role_name, organization_id)
    select distinct ${role}, id from json_array_elements_text(${JSON.stringify(organizationIds)}::json) id`);
}

/** Runs statements about roles, whose names are quoted already. */
export async function runStatements(tx: Transaction, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await tx.execute(sql.raw(statement));
}
