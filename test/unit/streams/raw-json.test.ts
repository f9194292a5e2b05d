import fc from 'fast-check';
import { expect, test } from 'vitest';
import { notStorable, rawFields, rawItems } from '../../../src/streams/raw-json.ts';

const indent = fc.constantFrom(undefined, 1, '\r\n\t');

test('I7 items are cut out of a list to the letter, whatever is in them', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 6 }), indent, (items, space) => {
      const text = JSON.stringify(items, null, space);
      const parts = rawItems(text);
      expect(parts.map((part) => JSON.parse(part))).toEqual(JSON.parse(text));
      for (const part of parts) expect(text).toContain(part);
    }),
    { numRuns: 2_000 },
  );
});

test('I7 fields are cut out of an object, with names that are themselves odd', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 6 }), indent, (fields, space) => {
      const text = JSON.stringify(fields, null, space);
      const parsed = JSON.parse(text) as Record<string, unknown>;
      const parts = rawFields(text);
      expect(parts.map(([name]) => name)).toEqual(Object.keys(parsed));
      for (const [name, value] of parts) expect(JSON.parse(value)).toEqual(parsed[name]);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['[ 1e400 , -0,\n12345678901234567890 ]', ['1e400', '-0', '12345678901234567890']],
  ['["\\u0041","a\\"],[\\\\"]', ['"\\u0041"', '"a\\"],[\\\\"']],
  ['[]', []],
  [' [ ] ', []],
  ['[[],{}]', ['[]', '{}']],
])('%s keeps its digits and escapes', (text, items) => {
  expect(rawItems(text)).toEqual(items);
});

test('a name given twice is there twice', () => {
  expect(rawFields('{"a":1, "a" : {"b":[2]} }')).toEqual([
    ['a', '1'],
    ['a', '{"b":[2]}'],
  ]);
});

test('a million levels are no matter', () => {
  const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
  expect(rawItems(`[1,${deep}]`)).toEqual(['1', deep]);
  expect(notStorable(deep)).toContain('levels');
});

test.each([
  ['"a\\u0000"', 'characters'],
  ['{"\\ud800":1}', 'characters'],
  ['"\udc80"', 'characters'],
  ['1e400000', 'number'],
  ['[-1.5E-99999]', 'number'],
  ['9'.repeat(2_000), 'number'],
  ['['.repeat(65) + ']'.repeat(65), 'levels'],
])('I7 %j cannot be kept exactly', (text, said) => {
  expect(notStorable(text)).toContain(said);
});

test.each([
  '"\\ud83d\\ude00"',
  '"\\\\u0000"',
  '[1e400,-0,0.10,12345678901234567890]',
  '["1e400000","[[[["]',
  '['.repeat(64) + ']'.repeat(64),
  '{"a":{},"b":[true,null]}',
])('%j can', (text) => {
  expect(notStorable(text)).toBeUndefined();
});
