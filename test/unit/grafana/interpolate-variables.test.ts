import { expect, test } from 'vitest';
import { interpolateVariables } from '../../support/grafana/interpolate-variables.ts';

const CHOSEN = new Map<string, string | readonly string[]>([
  ['one', "it's"],
  ['many', ['a', "b'c", 'd"e']],
  ['none', []],
]);

test.each([
  ['${many:sqlstring}', `'a','b''c','d\\"e'`],
  ['${one:sqlstring}', "'it''s'"],
  ['array[${none:sqlstring}]::text[]', 'array[]::text[]'],
  ['view_${one:raw}', "view_it's"],
  ['${many:csv}', `a,b'c,d"e`],
  ['${many:singlequote}', `'a','b\\'c','d"e'`],
  ["'$one'", "'it''s'"],
  ['in ($many)', `in ('a','b''c','d"e')`],
  ['[[one]] [[many:csv]]', `it''s a,b'c,d"e`],
  ['$__timeFilter(at) $other ${other:raw}', '$__timeFilter(at) $other ${other:raw}'],
])('%s becomes %s', (sql, wanted) => {
  expect(interpolateVariables(sql, CHOSEN)).toBe(wanted);
});

test('a format that is not known is an error', () => {
  expect(() => interpolateVariables('${one:lucene}', CHOSEN)).toThrow('lucene');
});
