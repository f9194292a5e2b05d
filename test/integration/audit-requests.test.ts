/* What audits ask and when: within their requests, after the history, by a schedule, one stream for itself. */
import type { Job } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { openArchive } from '../../src/commands/archive.ts';
import { AuditJobs } from '../../src/jobs/audit-jobs.ts';
import { auditStream } from '../../src/sync/audit-stream.ts';
import { configFor, until, work } from '../support/archive-run.ts';
import {
  CODES,
  expectTruth,
  HOUR,
  meddle,
  requestsOf,
  rowsOf,
  setUp,
  total,
  WEBHOOKS,
} from '../support/audit-bench.ts';
import { testLog } from '../support/test-log.ts';

test('a window that needs more requests than there are is cut short, and what was read whole counts', async () => {
  const bench = await setUp();
  await bench.sync();
  const deleted = await meddle(
    bench,
    `delete from meraki_store.webhook_deliveries where sent_at in
       (select sent_at from meraki_store.webhook_deliveries order by sent_at offset 4 limit 1)`,
  );
  bench.simulator.resetRequests();
  const environment = { ...bench.environment, WEBHOOK_LOGS_PER_PAGE: '20' };
  const config = configFor(bench.simulator, bench.database, environment);
  const { audits } = await bench.audit({ stream: 'webhook_logs', config });
  // The server may hear of a page that `sync` read ahead and gave up only now.
  expect(total(audits, ({ requests }) => requests)).toBeLessThanOrEqual(10);
  expect(audits[0]).toMatchObject({ outcome: 'repaired', rows_missing: deleted });
  const [first] = audits;
  const [truth] = [
    bench.simulator.truthDeliveries(bench.organizationId, {
      from: first?.audited_from ?? '',
      to: first?.audited_to ?? '',
    }),
  ];
  expect(first?.rows_compared).toBe(truth.length);
  expect(first?.rows_compared).toBeLessThanOrEqual(100);
  await expectTruth(bench);
});

test('an audit leaves a stream alone that has history to fill in', async () => {
  const bench = await setUp();
  await bench.sync();
  const config = configFor(bench.simulator, bench.database, bench.environment);
  const { clock } = bench;
  const archive = await openArchive({ config, log: testLog, clock, migrations: 'expect' });
  onTestFinished(() => archive.close());
  const [stream] = archive.streamsOf({ organizationId: bench.organizationId, stream: 'webhook_logs' });
  if (stream === undefined) throw new Error('no stream');
  const { signal } = new AbortController();
  const options = { ...archive, stream, signal, requests: 4, random: () => 0, yieldToBackfill: true };
  expect(await auditStream(options)).not.toEqual([]);
  await meddle(
    bench,
    `update meraki_ingest.coverage set provisional = '{}', final = final
       - tstzmultirange(tstzrange(lower(final) + interval '2 hours', lower(final) + interval '3 hours'))`,
  );
  bench.clock.set(clock.now() + 3 * HOUR);
  expect(await auditStream(options)).toEqual([]);
  expect(await auditStream({ ...options, yieldToBackfill: false })).not.toEqual([]);
});

test('an audit counts what it asked in vain, and ends when its requests are used up by that', async () => {
  let isDown = false;
  const bench = await setUp({
    beforeAnswer: async ({ operation }, reply) => {
      if (isDown && operation === WEBHOOKS) await reply.code(503).send('down');
    },
  });
  await bench.sync();
  bench.simulator.resetRequests();
  isDown = true;
  const { audits } = await bench.audit({ stream: 'webhook_logs', requests: 14 });
  expect(audits).toMatchObject([{ outcome: 'unreadable' }, { outcome: 'unreadable' }]);
  expect(total(audits, ({ requests }) => requests)).toBe(requestsOf(bench, WEBHOOKS));
});

test('a stream that cannot be audited keeps none of the others from it', async () => {
  let refused: string | undefined;
  const bench = await setUp({
    beforeAnswer: async ({ operation }, reply) => {
      if (operation === refused) await reply.code(403).send({ errors: ['no access'] });
    },
  });
  await bench.sync();
  const config = configFor(bench.simulator, bench.database, bench.environment);
  const archive = await openArchive({ config, log: testLog, clock: bench.clock, migrations: 'expect' });
  onTestFinished(() => archive.close());
  const jobs = new AuditJobs({ ...archive, log: testLog, requests: 4, random: () => 0 });
  const job = { data: { organizationId: bench.organizationId } } as Job;
  for (const [operation, other] of [
    [WEBHOOKS, 'api_responses'],
    [CODES, 'webhook_logs'],
  ] as const) {
    await bench.database.database.pool.query('delete from meraki_ingest.audits');
    refused = operation;
    await expect(jobs.audit(job, new AbortController().signal)).rejects.toThrow('ORGANIZATION_REFUSED');
    expect(await rowsOf(bench, 'select distinct stream from meraki.audits')).toEqual([{ stream: other }]);
  }
});

test('a worker audits every stream by its schedule', async () => {
  const bench = await setUp();
  const config = configFor(bench.simulator, bench.database, bench.environment);
  await work({ ...config, audit: { every: 1, requests: 10 } }, { clock: bench.clock }, async (archive) => {
    await until(async () => {
      const found = await archive.database.pool.query<{ streams: number }>(
        `select count(distinct stream)::integer as streams from meraki.audits where outcome = 'equal'`,
      );
      return found.rows[0]?.streams === 2;
    });
    const ids = (await archive.store.openQueue('history').getJobSchedulers(0, -1)).map(({ key }) => key);
    expect(ids).toContain(`audit_${bench.organizationId}`);
  });
  expect(await rowsOf(bench, `select from meraki.audits where outcome <> 'equal'`)).toEqual([]);
});
