import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as errors from '../../src/errors.ts';

type ErrorClass = new (message: string) => errors.HistorianError;

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'errors.md'), 'utf8');

const classes = Object.values(errors as Record<string, unknown>).filter(
  (value): value is ErrorClass =>
    typeof value === 'function' &&
    value !== errors.HistorianError &&
    value.prototype instanceof errors.HistorianError,
);

interface Row {
  readonly exitCode: number;
  readonly retry: string;
  readonly when: string;
  readonly remedy: string;
}

const documented = new Map(
  [...PAGE.matchAll(/^\| `([A-Z_]+)` \|(.+)\|$/gm)].map(([, code = '', cells = '']): [string, Row] => {
    const [exitCode = '', retry = '', when = '', remedy = ''] = cells.split('|').map((cell) => cell.trim());
    return [code, { exitCode: Number(exitCode), retry, when, remedy }];
  }),
);

test('every error is documented with its exit code and whether it is tried again, and no other is', () => {
  const inCode = classes.map((Leaf) => {
    const { code, exitCode, retry } = new Leaf('');
    return [code, { exitCode, retry }] as const;
  });
  expect(inCode.length).toBeGreaterThan(15);
  const onPage = [...documented].map(([code, { exitCode, retry }]) => [code, { exitCode, retry }] as const);
  const byCode = <T>(entries: readonly (readonly [string, T])[]) => Object.fromEntries(entries);
  expect(byCode(onPage)).toEqual(byCode(inCode));
});

test('each says when it is raised and what to do', () => {
  for (const [code, { when, remedy }] of documented) {
    expect(when.length, code).toBeGreaterThan(20);
    expect(remedy.length, code).toBeGreaterThan(5);
  }
});

test('no two errors share a code', () => {
  const codes = classes.map((Leaf) => new Leaf('').code);
  expect(new Set(codes).size).toBe(codes.length);
});
