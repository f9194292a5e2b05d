/*
 * Loaded into a worker: counts the statements that it sends to Postgres and writes their number to the file that
 * BENCH_QUERY_COUNT names, once a second.
 */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import pg from 'pg';

let queries = 0;
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function counted(...given) {
  queries += 1;
  return query.apply(this, given);
};
setInterval(() => writeFileSync(process.env.BENCH_QUERY_COUNT, String(queries)), 1_000).unref();
