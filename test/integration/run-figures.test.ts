/* What `sync_runs` says of a run, against what its source was asked for and what was committed. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Transaction } from '../../src/db/database.ts';
import { DatabaseUnreachableError } from '../../src/errors.ts';
import { type LaneBench, minutesAgo, row, setUpLane } from '../support/lane-bench.ts';
import { answer, type Handler, startServer } from '../unit/meraki/loopback-server.ts';

let bench: LaneBench;

beforeEach(async () => {
  bench = await setUpLane();
});

describe('every request is among the figures of its run', () => {
  test.each([
    { what: 'the newest edge cannot be had', lane: 'live', status: 503 },
    { what: 'neither history nor the newest hour can be had', lane: 'backfill', status: 503 },
    { what: 'no window is accepted, however it is probed', lane: 'backfill', status: 400 },
    { what: 'the organization is out of reach', lane: 'live', status: 403 },
  ] as const)('where $what', async ({ lane, status }) => {
    const source = await startServer(answer(status, { errors: ['no'] }));
    await expect(bench.read(source, lane)).rejects.toThrow();
    const { rows } = await bench.database.pool.query(
      'select outcome, requests::integer, waited_ms > 0 as waited from meraki_ingest.sync_runs',
    );
    expect(rows).toEqual([{ outcome: 'failed', requests: source.requests.length, waited: status === 503 }]);
  });

  test('also where what failed at first is answered after all', async () => {
    const down = answer(503, {});
    const failing: readonly [Handler, ...Handler[]] = [down, down, down, down, down, down];
    const source = await startServer(...failing, answer(200, []));
    const { counts } = await bench.read(source, 'backfill');
    expect(counts.requests).toBe(source.requests.length);
  });
});

test('a commit whose answer was lost stays among the figures of its run', async () => {
  const { database } = bench;
  const breaking = {
    ...database,
    async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
      const answered = await database.transaction(work);
      if ((await bench.deliveries()) === 0) return answered;
      throw new DatabaseUnreachableError('the connection broke', {});
    },
  };
  const source = await startServer(answer(200, [row(minutesAgo(60)), row(minutesAgo(50))]));
  await expect(bench.read(source, 'live', { database: breaking })).rejects.toThrow('the connection broke');
  const { rows } = await database.pool.query(
    'select outcome, pages::integer, rows_new::integer as rows from meraki_ingest.sync_runs',
  );
  expect(rows).toEqual([{ outcome: 'failed', pages: 1, rows: 2 }]);
});
