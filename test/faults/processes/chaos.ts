import { setTimeout as delay } from 'node:timers/promises';
import { type Act, postgresActs, redisActs, workerActs } from './acts.ts';
import { embeddedActs } from './embedded-acts.ts';
import type { RoundPlan } from './round-plan.ts';
import type { Stage } from './stage.ts';

/** Chooses an act again and again until the stage is quiet; resolves when all acts have mended what they broke. */
export async function runChaos(plan: RoundPlan, stage: Stage): Promise<void> {
  const { random, quiet, tally } = stage;
  const acts = actsFor(stage);
  const underWay = new Set<Promise<void>>();
  const [least, most] = plan.pauseMs;
  let failure: unknown;
  while (!quiet.aborted) {
    await delay(least + random.next() * (most - least), undefined, { signal: quiet }).catch(() => undefined);
    if (quiet.aborted) break;
    const act = choose(acts, random.next());
    const doing = act.perform(stage);
    if (doing === undefined) continue;
    tally.acts[act.name] = (tally.acts[act.name] ?? 0) + 1;
    const done = doing
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => underWay.delete(done));
    underWay.add(done);
    keepUp(plan, stage);
  }
  await Promise.all(underWay);
  if (failure !== undefined) throw failure;
}

function actsFor(stage: Stage): readonly Act[] {
  if (stage.postgres === undefined) {
    return [...embeddedActs, ...workerActs.filter(({ name }) => name.startsWith('the network'))];
  }
  return [...workerActs, ...postgresActs, ...(stage.redis === undefined ? [] : redisActs)];
}

function choose(acts: readonly Act[], share: number): Act {
  let left = share * acts.reduce((sum, { weight }) => sum + weight, 0);
  for (const act of acts) {
    left -= act.weight;
    if (left < 0) return act;
  }
  throw new RangeError('no act');
}

/** A worker that ended unbidden is a fault and counted as such; the round needs another one all the same. */
function keepUp(plan: RoundPlan, { fleet, postgres }: Stage): void {
  if (postgres === undefined) return;
  const present = fleet.living.filter(({ command, isPaused }) => command === 'worker' && !isPaused).length;
  for (let missing = plan.workers - 1 - present; missing > 0; missing -= 1) fleet.start('worker');
}
