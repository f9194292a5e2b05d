/*
 * docs/schema.txt is the schema as a reviewer sees it; `npm run docs:update` writes it anew. The query is our own
 * since pg_dump's text differs by version. So do view bodies (pg_get_viewdef): they are left out, and are to be
 * read in migrations/.
 */
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/test-database.ts';

const SCHEMAS = `('meraki', 'meraki_store', 'meraki_ingest')`;

const RELATIONS = `
  select n.nspname || '.' || c.relname as name,
    case when c.relkind = 'v' then 'view' when c.relpersistence = 'u' then 'unlogged table' else 'table' end
      as kind,
    case c.relkind when 'p' then pg_get_partkeydef(c.oid) end as partition_key,
    obj_description(c.oid, 'pg_class') as comment,
    (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
        'not_null', a.attnotnull, 'default', pg_get_expr(d.adbin, d.adrelid),
        'comment', col_description(c.oid, a.attnum)) order by a.attnum)
      from pg_attribute a
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select json_agg(k.conname || ' ' || pg_get_constraintdef(k.oid) order by k.conname collate "C")
      from pg_constraint k
      -- From Postgres 18 on, not null is a constraint too; it is shown with its column.
      where k.conrelid = c.oid and k.contype <> 'n') as constraints,
    (select json_agg(pg_get_indexdef(i.indexrelid) order by i.indexrelid::regclass::text collate "C")
      from pg_index i
      where i.indrelid = c.oid
        and not exists (select from pg_constraint k where k.conindid = i.indexrelid)) as indexes,
    (select json_agg(g.grant order by g.grant collate "C") from (
      select coalesce(r.rolname, 'public') || ' ' || string_agg(lower(p.privilege_type), ', ' order by p.privilege_type) as grant
      from aclexplode(c.relacl) p left join pg_roles r on r.oid = p.grantee
      where p.grantee <> c.relowner group by r.rolname) g) as grants
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ${SCHEMAS} and c.relkind not in ('i', 'I', 'c', 't') and not c.relispartition
  order by n.nspname collate "C", c.relname collate "C"`;

const OTHERS = `
  select 'schema ' || n.nspname as name, obj_description(n.oid, 'pg_namespace') as comment,
    (select json_agg(coalesce(r.rolname, 'public') || ' ' || lower(p.privilege_type)
        order by r.rolname collate "C", p.privilege_type)
      from aclexplode(n.nspacl) p left join pg_roles r on r.oid = p.grantee
      where p.grantee <> n.nspowner) as grants
  from pg_namespace n where n.nspname in ${SCHEMAS}
  union all
  select 'views made later in ' || n.nspname, null,
    (select json_agg(coalesce(r.rolname, 'public') || ' ' || lower(p.privilege_type)
        order by r.rolname collate "C", p.privilege_type)
      from aclexplode(d.defaclacl) p left join pg_roles r on r.oid = p.grantee
      where p.grantee <> d.defaclrole)
  from pg_default_acl d join pg_namespace n on n.oid = d.defaclnamespace and n.nspname in ${SCHEMAS}
  order by 1`;

const STALE = 'docs/schema.txt differs from what the migrations make: run `npm run docs:update`';

interface Relation {
  readonly name: string;
  readonly kind: string;
  readonly partition_key: string | null;
  readonly comment: string | null;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly not_null: boolean;
    readonly default: string | null;
    readonly comment: string | null;
  }[];
  readonly constraints: readonly string[] | null;
  readonly indexes: readonly string[] | null;
  readonly grants: readonly string[] | null;
}

interface Other {
  readonly name: string;
  readonly comment: string | null;
  readonly grants: readonly string[] | null;
}

function describeOther({ name, comment, grants }: Other): string {
  const said = comment === null ? [] : [`  -- ${comment}`];
  return [name, ...said, ...(grants ?? []).map((grant) => `  grant ${grant}`)].join('\n');
}

function describeRelation(relation: Relation): string {
  const lines = [`${relation.kind} ${relation.name}`];
  if (relation.comment !== null) lines.push(`  -- ${relation.comment}`);
  if (relation.partition_key !== null) lines.push(`  partition by ${relation.partition_key}`);
  for (const column of relation.columns) {
    const { name, type, not_null: isNotNull, default: preset, comment } = column;
    const rest = `${isNotNull ? ' not null' : ''}${preset === null ? '' : ` default ${preset}`}`;
    lines.push(`  ${name} ${type}${rest}${comment === null ? '' : ` -- ${comment}`}`);
  }
  for (const constraint of relation.constraints ?? []) lines.push(`  constraint ${constraint}`);
  for (const index of relation.indexes ?? []) lines.push(`  ${index}`);
  for (const grant of relation.grants ?? []) lines.push(`  grant ${grant}`);
  return lines.join('\n');
}

test('docs/schema.txt is what the migrations make', async () => {
  const { database } = await createTestDatabase();
  const others = await database.pool.query<Other>(OTHERS);
  const relations = await database.pool.query<Relation>(RELATIONS);
  const blocks = [...others.rows.map(describeOther), ...relations.rows.map(describeRelation)];
  await expect(`${blocks.join('\n\n')}\n`, STALE).toMatchFileSnapshot('../../docs/schema.txt');
});
