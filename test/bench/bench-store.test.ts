import { expect, inject, test } from 'vitest';
import { floorsOf } from '../../bench/store/floors.ts';
import { measureAll } from '../../bench/store/main.ts';
import { storeOptions } from '../../bench/store/store-options.ts';
import { storeMarkdown } from '../../bench/store/store-tables.ts';

test('archives of two sizes are measured, and every fact table has its bytes, its WAL and what the formula says', async () => {
  const options = storeOptions(['--rows', '6000,3000', '--organizations', '2', '--days', '20']);
  const { results, machine } = await measureAll(options, inject('postgresAdminUrl'));
  expect(results.map(({ deliveries, days }) => [deliveries, days])).toEqual([
    [3_000, 10],
    [6_000, 20],
  ]);
  for (const { deliveries, counts, tables, wal } of results) {
    const rowsOf = (name: string) => tables.find((table) => table.name === `meraki_store.${name}`)?.rows;
    expect(rowsOf('webhook_deliveries')).toBe(deliveries);
    expect(rowsOf('api_response_counts')).toBe(counts);
    expect(rowsOf('webhook_hours')).toBeGreaterThan(0);
    expect([...wal.facts.keys()]).toEqual(['webhook_deliveries', 'api_response_counts']);
    expect(Math.min(...wal.facts.values(), wal.vacuum, wal.rollups)).toBeGreaterThan(0);
    expect(tables.filter(({ prediction }) => prediction !== undefined)).toHaveLength(5);
  }
  const floors = results.flatMap(floorsOf);
  expect(floors).toHaveLength(results.length);
  const text = storeMarkdown(machine, results, floors);
  expect(text).toContain('## 6,000 deliveries');
  expect(text).toContain('| `meraki_store.webhook_deliveries` | 6,000 |');
}, 120_000);

test.each([['--rows 0'], ['--rows 10,x'], ['--days=-1']])(
  'options that cannot be meant are refused: %s',
  (given) => {
    expect(() => storeOptions(given.split(' '))).toThrow(RangeError);
  },
);
