import type { Job } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { openArchive } from '../../src/commands/archive.ts';
import { readStanding } from '../../src/db/stream-standing.ts';
import { SyncJobs } from '../../src/jobs/sync-jobs.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { configFor } from '../support/archive-run.ts';
import { impatientClock } from '../support/stepped-clock.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const STREAM = 'webhook_logs';

test('a stream that keeps failing is left alone for a while, and no other is', async () => {
  let failing = '';
  const simulator = await startSimulator({
    organizations: 2,
    rows: 100,
    rate: false,
    beforeAnswer: async ({ organizationId }, reply) => {
      if (organizationId === failing) await reply.code(502).send('down');
    },
  });
  onTestFinished(() => simulator.stop());
  const [ill = '', well = ''] = simulator.organizations.map(({ id }) => id);
  failing = ill;
  const owned = await createTestDatabase();
  const config = configFor(simulator, owned);
  const archive = await openArchive({ config, log: testLog, clock: impatientClock, migrations: 'expect' });
  onTestFinished(() => archive.close());
  const { pool } = owned.database;
  await pool.query(
    `insert into meraki_store.organizations (organization_id, name, state, first_seen_at, last_seen_at)
     select id, id, 'active', now(), now() from unnest($1::text[]) id`,
    [[ill, well]],
  );
  const queues = { live: archive.store.openQueue('live'), history: archive.store.openQueue('history') };
  onTestFinished(async () => {
    await Promise.all([queues.live.close(), queues.history.close()]);
  });
  const jobs = new SyncJobs({ ...archive, queues });
  const live = (organizationId: string, data: object = {}) => {
    const job = { data: { organizationId, stream: STREAM, ...data } } as Job;
    return jobs.live(job, undefined, new AbortController().signal);
  };
  const asked = (organizationId: string) =>
    simulator
      .requests()
      .filter((request) => request.organizationId === organizationId)
      .reduce((sum, { count }) => sum + count, 0);

  const key = { organizationId: ill, stream: STREAM, series: 'all' } as const;
  for (let failure = 1; failure <= 3; failure += 1) {
    const { retryAt } = await readStanding(owned.database.query, key);
    expect(retryAt).toBeUndefined();
    await expect(live(ill)).rejects.toThrow('MERAKI_UNREACHABLE');
  }
  const { retryAt } = await readStanding(owned.database.query, key);
  expect(retryAt).toBeGreaterThan(archive.client.now());
  // Its history is queued all the same, with the deadline of what it lacks.
  const waiting = await queues.history.getJobCounts('prioritized');
  expect(waiting).toEqual({ prioritized: 1 });

  const before = asked(ill);
  await live(ill);
  expect(asked(ill)).toBe(before);
  await live(well);
  expect(asked(well)).toBeGreaterThan(0);

  // Written by a clock that was far ahead, and has been set right since.
  await pool.query(
    `update meraki_ingest.streams set retry_at = now() + interval '1 year' where organization_id = $1`,
    [ill],
  );
  await expect(live(ill)).rejects.toThrow('MERAKI_UNREACHABLE');

  // Whoever starts a worker wants to see at once whether it works again.
  failing = '';
  const asFailing = asked(ill);
  await live(ill, { atOnce: true });
  expect(asked(ill)).toBeGreaterThan(asFailing);
  expect((await readStanding(owned.database.query, key)).retryAt).toBeUndefined();
});
