/*
 * A short round of the fault suite with a seed and acts that are always the same; `npm run test:faults` runs long
 * ones. It starts servers of its own, since it kills them.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runRound } from '../faults/processes/round.ts';
import { planRound, type RoundPlan } from '../faults/processes/round-plan.ts';
import { buildProgram, endPrograms } from '../support/program.ts';

const hasRedis = await promisify(execFile)('redis-server', ['--version']).then(
  () => true,
  () => false,
);

const KILL = 'SIGKILL to a worker';
const SEED = 7;

function shortRound(): RoundPlan {
  const plan = planRound(SEED);
  return {
    ...plan,
    shape: 'workers',
    queue: 'redis',
    workers: 2,
    chaosSeconds: 40,
    pauseMs: [200, 600],
    script: [
      KILL,
      KILL,
      'all leases taken for expired',
      'kill -9 of all of Postgres',
      KILL,
      'kill -9 of Redis, and it forgets all',
      'all connections terminated',
      KILL,
      'SIGTERM to a worker',
      KILL,
      'Redis is wiped while it runs',
      'all leases taken for expired',
      KILL,
    ],
    simulator: { ...plan.simulator, organizations: 2, rows: 12_000, rate: false, tokenLifetime: 3_600 },
    environment: {
      ...plan.environment,
      REQUESTS_PER_SECOND: '10',
      WEBHOOK_LOGS_PER_PAGE: '100',
      WEBHOOK_LOGS_LOOKBACK: '90d',
      WEBHOOK_LOGS_MAX_SPAN: '31d',
      API_RESPONSES_LOOKBACK: '5d',
    },
    faults: undefined,
    finalLagSeconds: 600,
    patient: false,
  };
}

beforeAll(() => buildProgram());
afterAll(() => endPrograms());

test.skipIf(!hasRedis && process.env['CI'] !== 'true')(
  'I1, I2 and I4: killed workers, a killed Postgres and a forgetful Redis leave an exact archive',
  async () => {
    const { faults, verdict, tally } = await runRound(shortRound());
    expect(faults).toEqual([]);
    expect(verdict).toMatchObject({ lost: 0, doubled: 0, falseCoverage: 0 });
    expect(verdict?.rowsCompared).toBeGreaterThan(12_000);
    expect(tally.kills).toMatchObject({ worker: 6, postgres: 1, redis: 1 });
  },
  180_000,
);
