import { expect, test } from 'vitest';
import { instantOfSeconds } from '../../../src/instant.ts';
import { notReadLately, type WantedSchedule } from '../../../src/jobs/schedule.ts';
import type { StreamKey, StreamName } from '../../../src/stream-key.ts';

const NOW = instantOfSeconds(1_800_000_000);

const wanted = (organizationId: string, stream: StreamName, everySeconds: number): WantedSchedule => ({
  job: { organizationId, stream },
  everyMs: everySeconds * 1_000,
});
const read = (organizationId: string, stream: StreamName, secondsAgo: number) => ({
  key: { organizationId, stream, series: 'all' } satisfies StreamKey,
  readAt: NOW - instantOfSeconds(secondsAgo),
});

test('a worker that joins others reads what was never read, or not within its own period', () => {
  const all = [
    wanted('never', 'webhook_logs', 300),
    wanted('lately', 'webhook_logs', 300),
    wanted('lately', 'api_responses', 900),
    wanted('late', 'webhook_logs', 300),
    wanted('ahead', 'webhook_logs', 300),
  ];
  const reads = [
    read('lately', 'webhook_logs', 299),
    read('lately', 'api_responses', 899),
    read('late', 'webhook_logs', 301),
    read('ahead', 'webhook_logs', -30),
  ];
  const names = notReadLately(all, reads, NOW).map(({ job }) => job.organizationId);
  expect(names).toEqual(['never', 'late']);
});
