import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createRandom } from '../../../src/simulator/random.ts';
import { type FaultPlan, startSimulator } from '../../../src/simulator/simulator.ts';
import { embeddedPidfile } from './embedded-acts.ts';
import { Fleet } from './fleet.ts';
import { OUTSIDER_URL, type Outsider, startOutsider } from './outsider.ts';
import { PostgresServer } from './postgres-server.ts';
import { RedisServer } from './redis-server.ts';
import type { RoundPlan } from './round-plan.ts';
import type { Stage, Tally } from './stage.ts';
import type { Watchdog } from './watchdog.ts';

/** What must not be found in any log, job or table. */
export interface Secrets {
  readonly key: string;
  readonly redis: string;
  readonly superuser: string;
  readonly owner: string;
}

export function drawSecrets(): Secrets {
  const draw = (name: string) => `${name}-${randomBytes(12).toString('hex')}`;
  return { key: draw('key'), redis: draw('redis'), superuser: draw('superuser'), owner: draw('owner') };
}

export interface StageOptions {
  readonly directory: string;
  readonly secrets: Secrets;
  readonly watchdog: Watchdog;
  readonly tally: Tally;
  readonly quiet: AbortSignal;
}

/** Starts servers and dashboard; whatever fails here, the watchdog ends what was started. */
export async function setStage(plan: RoundPlan, options: StageOptions): Promise<Stage> {
  const { directory, secrets, watchdog, tally, quiet } = options;
  const isEmbedded = plan.shape === 'embedded';
  const postgres = isEmbedded
    ? undefined
    : await PostgresServer.create(join(directory, 'postgres'), secrets, watchdog);
  const redis =
    plan.queue === 'redis'
      ? await RedisServer.create(join(directory, 'redis'), secrets.redis, watchdog)
      : undefined;
  const dataDir = join(directory, 'data');
  if (isEmbedded) watchdog.watchPidfile(embeddedPidfile(dataDir));
  const simulator = await startSimulator({ ...plan.simulator, key: secrets.key });
  const outsider = await startOutsider();
  const faults = plan.faults === undefined ? undefined : pointedAt(plan.faults, outsider);
  if (faults !== undefined) simulator.setFaults(faults);
  const environment = {
    ...plan.environment,
    MERAKI_DASHBOARD_API_KEY: secrets.key,
    MERAKI_BASE_URL: simulator.baseUrl,
    MERAKI_TRUSTED_HOSTS: '127.0.0.1,localhost',
    DATA_DIR: dataDir,
    ...(postgres === undefined ? {} : { DATABASE_URL: postgres.url }),
    ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
  };
  const fleet = new Fleet(environment, watchdog);
  const random = createRandom(plan.seed, 'chaos');
  return { simulator, faults, outsider, fleet, postgres, redis, dataDir, random, tally, quiet };
}

function pointedAt(faults: FaultPlan, { url }: Outsider): FaultPlan {
  return JSON.parse(JSON.stringify(faults).replaceAll(OUTSIDER_URL, url)) as FaultPlan;
}
