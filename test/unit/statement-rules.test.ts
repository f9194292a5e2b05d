/* Each rule refuses what it is there for: a test that cannot fail would hold nothing. */
import { describe, expect, test } from 'vitest';
import { copyOfDeliveries } from '../../src/db/delivery-rows.ts';
import type { IssuedStatement } from '../statements/record-statements.ts';
import { brokenRules } from '../statements/statement-rules.ts';
import { parseStatements } from '../statements/syntax-tree.ts';
import { writeTransactions } from '../statements/write-transactions.ts';
import { deliveryColumns } from '../support/delivery-batch.ts';

const isDistributed = (table: string) => table.startsWith('s.');

function broken(sql: string): readonly string[] {
  return parseStatements(sql).flatMap((statement) => brokenRules(statement, isDistributed));
}

test.each([
  ['merge into s.t using s.u on t.organization_id = u.organization_id when matched then delete', 'MERGE'],
  ['create trigger x after insert on s.t for each row execute function f()', 'trigger'],
  ['select a, count(*) from s.t group by grouping sets ((a), ())', 'grouping sets'],
  ['select a, count(*) from s.t group by rollup (a)', 'grouping sets'],
  ['with recursive r as (select 1 union all select 2 from r) select * from r', 'recursive query'],
  ['create index concurrently i on s.t (a)', 'index made concurrently'],
  ['create table s.u (a text references s.t (a))', 'foreign key'],
  ['alter table s.u add constraint k foreign key (a) references s.t (a)', 'foreign key'],
  ['create table s.t_rest partition of s.t default', 'default partition'],
  ["insert into s.t (organization_id, a) values ('1', (select 2))", 'subquery in VALUES'],
  [
    "insert into s.t (organization_id, a) values ('1', 2) on conflict (a) do update set at = now()",
    'clock in DO UPDATE',
  ],
  [
    "insert into s.t (organization_id, a) values ('1', 2) on conflict (a) do update set at = current_timestamp",
    'clock in DO UPDATE',
  ],
  ["update s.t set a = 1 where organization_id = '1' returning clock_timestamp()", 'clock in RETURNING'],
  ["update s.t set sent_at = $1 where organization_id = '1'", 'sent_at is updated'],
  [
    "insert into s.t (organization_id) values ('1') on conflict (a) do update set organization_id = '2'",
    'organization_id is updated',
  ],
  ['insert into s.t (a) values (1)', 'write to s.t without organization_id'],
  ['insert into s.t values (1)', 'write to s.t without organization_id'],
  ['update s.t set a = 1 where b = 2', 'write to s.t without organization_id'],
  ["update s.t set a = 1 where organization_id = '1' or b = 2", 'write to s.t without organization_id'],
  ['update s.t set a = 1 where organization_id = any ($1)', 'write to s.t without organization_id'],
  ["update s.t set a = 1 where organization_id in ('1', '2')", 'write to s.t without organization_id'],
  [
    'update s.t set a = 1 from s.u where t.organization_id = u.organization_id',
    'write to s.t without organization_id',
  ],
  [
    "update s.t x set a = 1 from s.u where u.organization_id = '1' and u.a = x.a",
    'write to s.t without organization_id',
  ],
  [
    'insert into s.t (organization_id) select u.organization_id from s.u where u.a = $1',
    'write to s.t without organization_id',
  ],
  ['delete from s.t', 'write to s.t without organization_id'],
  ['copy s.t from stdin (format binary)', 'write to s.t without organization_id'],
  ['copy s.t (a, organization_id) from stdin (format binary)', 'write to s.t without organization_id'],
  ['copy s.t (organization_id, a) from stdin', 'write to s.t without organization_id'],
  [
    "with gone as (delete from s.u where a = 1) insert into s.t (organization_id) values ('1')",
    'write to s.u without organization_id',
  ],
  ['select 1 from s.t where a = 1 for update', 'rows of s.t locked without one organization_id'],
  [
    "select 1 from s.t join s.u using (organization_id) where t.organization_id = '1' for share",
    'rows of s.u locked without one organization_id',
  ],
])('refused: %s', (sql, rule) => {
  expect(broken(sql)).toContain(rule);
});

test.each([
  [
    "insert into s.t as q (organization_id, at) values ('1', $1) on conflict (a) do update set at = excluded.at",
  ],
  [
    'insert into s.t (organization_id, a) select $1::text, r.a from json_to_recordset($2::json) as r(a integer)',
  ],
  ['insert into s.t (organization_id, at) values ($1, now())'],
  ['update s.t q set a = 1 where (q.b = 2 or q.c = 3) and q.organization_id = $1'],
  ['delete from s.t where $1 = organization_id and a < 3'],
  ['select 1 from s.t where organization_id = $1 for update skip locked'],
  ['insert into s.t (organization_id) select u.organization_id from s.u where u.organization_id = $1'],
  ['delete from elsewhere.t where a = 1'],
  ['copy s.t (organization_id, a) from stdin (format binary)'],
  ['copy s.t (a) to stdout'],
  ['select a from s.t where a = 1'],
  ['create table s.t_2026 partition of s.t for values from (1) to (2)'],
])('allowed: %s', (sql) => {
  expect(broken(sql)).toEqual([]);
});

test('what the grammar of Postgres refuses is no statement', () => {
  expect(() => parseStatements('insert into into t')).toThrow();
});

describe('transactions', () => {
  const one = {};
  const other = {};
  const say = (connection: object, text: string, ...values: readonly unknown[]): IssuedStatement => ({
    connection,
    text,
    values,
  });
  const insert = 'insert into s.t (organization_id) values ($1)';

  test('of two connections are told apart, and one that writes for two organizations is seen', () => {
    const found = writeTransactions(
      [
        say(one, 'begin'),
        say(one, insert, '1'),
        say(other, 'begin'),
        say(other, insert, '2'),
        say(one, "delete from s.u where organization_id = '3'"),
        say(other, 'commit'),
        say(one, 'commit'),
      ],
      isDistributed,
    );
    expect(found).toEqual([
      { organizations: ['2'], tables: ['s.t'], drops: false },
      { organizations: ['1', '3'], tables: ['s.t', 's.u'], drops: false },
    ]);
  });

  test('what is taken back, only read, or not distributed, is none', () => {
    const issued = [
      say(one, 'begin'),
      say(one, insert, '1'),
      say(one, 'rollback'),
      say(one, 'select 1 from s.t'),
      say(one, 'delete from elsewhere.t'),
    ];
    expect(writeTransactions(issued, isDistributed)).toEqual([]);
  });

  test('one that drops partitions says so', () => {
    const issued = [
      say(one, 'begin'),
      say(one, 'drop table s.t_2026'),
      say(one, insert, '1'),
      say(one, 'commit'),
    ];
    expect(writeTransactions(issued, isDistributed).map(({ drops }) => drops)).toEqual([true]);
  });

  test('of rows that are copied, each says for whom it is', () => {
    const row = { sentAt: 0, loggedAt: 0, fingerprint: 1n, occurrence: 0, networkKey: 1n, alertTypeId: 1n };
    const rest = { endpointId: 1n, responseCode: 200, responseDurationMs: 1, extra: '{"a":1}' };
    const columns = deliveryColumns([row, row].map((one) => ({ ...one, ...rest })));
    const copy = (organizationId: string): IssuedStatement => ({
      connection: one,
      text: 'copy s.t (organization_id) from stdin (format binary)',
      values: [],
      copied: copyOfDeliveries(organizationId, columns, [0, 1], 0).data,
    });
    expect(writeTransactions([copy('1')], isDistributed)).toEqual([
      { organizations: ['1'], tables: ['s.t'], drops: false },
    ]);
    const both = [say(one, 'begin'), copy('1'), copy('22'), say(one, 'commit')];
    expect(writeTransactions(both, isDistributed).map(({ organizations }) => organizations)).toEqual([
      ['1', '22'],
    ]);
  });

  test('a statement alone is one; an organization that cannot be told is a question mark', () => {
    const found = writeTransactions(
      [say(one, insert, '1'), say(one, "insert into s.t (organization_id) values ('1'), ('2')")],
      isDistributed,
    );
    expect(found.map(({ organizations }) => organizations)).toEqual([['1'], ['?']]);
  });
});
