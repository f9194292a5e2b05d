import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { ranWithin } from '../../src/db/lost-time.ts';
import { foldIdleRuns, noCounts, type RunState, saveRun, sumRuns } from '../../src/db/sync-runs.ts';
import {
  formatInstant,
  type Instant,
  instantOfMilliseconds,
  instantOfSeconds,
  parseInstant,
} from '../../src/instant.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { configFor, workUntilCaughtUp } from '../support/archive-run.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';

const KEY: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
const MINUTE = instantOfSeconds(60);
const MIDNIGHT = parseInstant('2026-03-01T00:00:00Z') ?? 0;
const DAY = 1_440 * MINUTE;
const DAYS = { from: MIDNIGHT, to: MIDNIGHT + 2 * DAY };

let owned: TestDatabase;
let number = 0;

beforeEach(async () => {
  owned = await emptyTestDatabase();
});

const at = (minutes: number): Instant => MIDNIGHT + minutes * MINUTE;

/** A run that takes a minute; an idle one unless told otherwise. */
async function run(minutes: number, given: Partial<RunState> = {}): Promise<void> {
  number += 1;
  await saveRun(owned.database.query, {
    runId: `run ${number}`,
    key: KEY,
    lane: 'live',
    startedAt: at(minutes),
    counts: { ...noCounts, pages: 1, requests: 2, rowsKnown: 3, waitedMs: 4 },
    outcome: 'complete',
    finishedAt: at(minutes + 1),
    error: null,
    ...given,
  });
}

async function rows(): Promise<readonly string[]> {
  const found = await owned.database.pool.query<{ row: string }>(
    `select concat_ws(' ', organization_id, lane, to_char(started_at at time zone 'UTC', 'DD HH24:MI'),
       to_char(finished_at at time zone 'UTC', 'HH24:MI'), outcome, requests) as row
     from meraki_ingest.sync_runs order by organization_id, lane, started_at`,
  );
  return found.rows.map(({ row }) => row);
}

test('idle runs of a day become a row for each stretch, and sums stay', async () => {
  for (const minutes of [10, 15, 20, 600, 605, 1_435, 1_440, 1_445]) await run(minutes);
  await run(25, { lane: 'backfill' });
  const before = await sumRuns(owned.database.query, KEY);
  await foldIdleRuns(owned.database.query, '1', DAYS);
  const folded = [
    '1 backfill 01 00:25 00:26 complete 2',
    '1 live 01 00:10 00:21 complete 6',
    '1 live 01 10:00 10:06 complete 4',
    '1 live 01 23:55 23:56 complete 2',
    '1 live 02 00:00 00:06 complete 4',
  ];
  expect(await rows()).toEqual(folded);
  expect(await sumRuns(owned.database.query, KEY)).toEqual(before);
  await foldIdleRuns(owned.database.query, '1', DAYS);
  expect(await rows()).toEqual(folded);
});

test('runs that found something, failed or still go on stay as they are, and so do other days and organizations', async () => {
  const counts = { ...noCounts, requests: 1 };
  await run(10, { counts: { ...counts, rowsNew: 1 } });
  await run(15, { counts: { ...counts, rowsQuarantined: 1 } });
  await run(20, { outcome: 'failed', error: 'no answer' });
  await run(25, { outcome: 'paused' });
  await run(30, { outcome: 'running', finishedAt: null });
  for (const minutes of [-5, -10, 2 * 1_440, 2 * 1_440 + 5]) await run(minutes);
  for (const minutes of [35, 40]) await run(minutes, { key: { ...KEY, organizationId: '2' } });
  const before = await rows();
  expect(before).toHaveLength(11);
  await foldIdleRuns(owned.database.query, '1', DAYS);
  expect(await rows()).toEqual(before);
});

test('whether anything ran within a time is told as before', async () => {
  for (const minutes of [10, 40, 70, 100, 600, 605]) await run(minutes);
  const times: readonly (readonly [number, number])[] = [
    [0, 5],
    [5, 12],
    [35, 75],
    [45, 75],
    [110, 590],
    [590, 601],
    [620, 900],
  ];
  const told = async () => {
    const answers: string[] = [];
    for (const [from, to] of times) {
      const range = { from: at(from), to: at(to) };
      answers.push(`${formatInstant(range.from)} ${await ranWithin(owned.database.query, KEY, range)}`);
    }
    return answers;
  };
  const before = await told();
  await foldIdleRuns(owned.database.query, '1', DAYS);
  expect(await rows()).toHaveLength(2);
  expect(await told()).toEqual(before);
});

test('a worker folds the idle runs of days that are long enough ago, once a day', async () => {
  const simulator = await startSimulator({ organizations: 1, rows: 100, rate: false });
  onTestFinished(() => simulator.stop());
  const key = { ...KEY, organizationId: simulator.organizations[0]?.id ?? '' };
  const dayAgo = (days: number) => {
    const today = Math.floor(instantOfMilliseconds(Date.now()) / DAY) * DAY;
    return (today - days * DAY - MIDNIGHT) / MINUTE;
  };
  for (const days of [5, 4, 2]) {
    for (const minutes of [10, 15]) await run(dayAgo(days) + minutes, { key });
  }
  const settings = {
    API_RESPONSES_INTERVAL: '3600',
    API_RESPONSES_LOOKBACK: '4h',
    WEBHOOK_LOGS_LOOKBACK: '4h',
  };
  await workUntilCaughtUp(configFor(simulator, owned, settings));
  const { rows: kept } = await owned.database.pool.query(
    `select requests::integer as requests from meraki_ingest.sync_runs where run_id like 'run %' order by started_at`,
  );
  expect(kept).toEqual([4, 4, 2, 2].map((requests) => ({ requests })));
});
