import { expect, test } from 'vitest';
import { databaseError } from '../../src/db/database.ts';

test.each([
  ['ECONNREFUSED', 'DATABASE_UNREACHABLE'],
  // As long as an SQLSTATE, and none.
  ['EPIPE', 'DATABASE_UNREACHABLE'],
  ['57P01', 'DATABASE_UNREACHABLE'],
  ['53300', 'DATABASE_UNREACHABLE'],
  ['40P01', 'DATABASE_BUSY'],
  ['55P03', 'DATABASE_BUSY'],
  ['23505', 'DATABASE_REFUSED'],
  ['XX000', 'DATABASE_REFUSED'],
])('%s is told as %s', (code, told) => {
  expect(databaseError(Object.assign(new Error('said'), { code }))).toMatchObject({ code: told });
});
