/* Figures that one machine has made final, and an answer to another that came before they had settled. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { formatInstant, instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import { contains } from '../../src/ranges.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import type { Lane, StreamKey } from '../../src/stream-key.ts';
import { apiResponses } from '../../src/streams/api-responses.ts';
import { runLane } from '../../src/sync/run-lane.ts';
import type { Stream } from '../../src/sync/stream.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { emptyTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { startClient } from '../unit/meraki/loopback-server.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START = Math.floor((Date.now() - 30 * 86_400_000) / HOUR_MS) * HOUR_MS + 13 * MINUTE_MS;
const BUCKET = instantOfSeconds(120);
const at = (minutes: number) => instantOfMilliseconds(START + minutes * MINUTE_MS);
const bucketAt = (minutes: number) => Math.floor(at(minutes) / BUCKET) * BUCKET;
const settings = {
  everySeconds: 300,
  lookback: instantOfSeconds(21_600),
  span: instantOfSeconds(3_600),
  settle: instantOfSeconds(65),
  intervalSeconds: 120,
  quarantineLimit: 1_000,
};

test('I5: what a machine with a fast clock was answered too early does not replace what is final', async () => {
  const time = new SteppedClock(START);
  const simulator = await startSimulator({ organizations: 1, rows: 1_000, rate: false, lag: 0, clock: time });
  onTestFinished(() => simulator.stop());
  const { database } = await emptyTestDatabase();
  const organizationId = simulator.organizations[0]?.id ?? '';
  const key: StreamKey = { organizationId, stream: 'api_responses', series: 'all' };
  const only = { from: at(-30), to: at(180) };
  const run = async (lane: Lane, aheadMs: number, meanwhile: () => Promise<void> = async () => undefined) => {
    const clock = {
      now: () => time.now() + aheadMs,
      sleep: (milliseconds: number, signal?: AbortSignal) => time.sleep(milliseconds, signal),
    };
    const { client } = startClient(simulator.baseUrl, { clock, key: simulator.key });
    const stream = apiResponses(key, client, settings, {});
    let isFirst = true;
    const read: Stream['read'] = async (...asked) => {
      const reading = await stream.read(...asked);
      if (isFirst) await meanwhile();
      isFirst = false;
      return reading;
    };
    const { outcome } = await runLane({
      database,
      partitions: new Partitions(database),
      stream: { ...stream, read },
      lane,
      runId: randomUUID(),
      log: testLog,
      clock,
      signal: new AbortController().signal,
      only,
    });
    expect(outcome).toBe('complete');
  };

  await run('live', 0);
  // By its clock, what it asks for has settled long ago; and its answer waits while the newest edge goes on.
  await run('backfill', 2 * HOUR_MS, async () => {
    time.set(START + 30 * MINUTE_MS);
    await run('live', 0);
  });

  const final = (await readCoverage(database.query, key)).get(120)?.final ?? [];
  expect(contains(final, { from: at(-20), to: at(20) })).toBe(true);
  const truth = simulator.truthBuckets(organizationId, {
    from: formatInstant(at(-20)),
    to: formatInstant(at(20)),
    interval: 120,
  });
  const stored = await database.pool.query<{ text: string }>(
    `select to_char(bucket_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' ' || response_code || ': ' || request_count as text
     from meraki_store.api_response_counts where request_count > 0 and bucket_start >= $1 and bucket_start < $2
     order by bucket_start, response_code`,
    [formatInstant(bucketAt(-20)), formatInstant(bucketAt(20) + BUCKET)],
  );
  expect(stored.rows.map(({ text }) => text)).toEqual(
    truth.flatMap(({ startTs, counts }) => counts.map(({ code, count }) => `${startTs} ${code}: ${count}`)),
  );
  expect(truth.length).toBeGreaterThan(10);
});
