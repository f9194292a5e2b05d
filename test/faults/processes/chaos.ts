import { setTimeout as delay } from 'node:timers/promises';
import type { Act } from './act.ts';
import { embeddedActs } from './embedded-acts.ts';
import { postgresActs } from './postgres-acts.ts';
import { redisActs } from './redis-acts.ts';
import type { RoundPlan } from './round-plan.ts';
import type { Stage } from './stage.ts';
import { networkAct, workerActs } from './worker-acts.ts';

/** What was broken has to be whole again so long after the chaos. */
const MEND_MS = 120_000;

/**
 * Does one act after the other until the stage is quiet, or the script at its end; resolves when all acts have
 * mended what they broke.
 */
export async function runChaos(plan: RoundPlan, stage: Stage): Promise<void> {
  const { random, quiet, tally } = stage;
  const acts = actsFor(stage);
  const script = plan.script === undefined ? undefined : [...plan.script];
  const underWay = new Map<Promise<void>, string>();
  const [least, most] = plan.pauseMs;
  let failure: unknown;
  while (!quiet.aborted && script?.length !== 0) {
    await delay(least + random.next() * (most - least), undefined, { signal: quiet }).catch(() => undefined);
    if (quiet.aborted) break;
    const act = script === undefined ? choose(acts, random.next()) : named(acts, script[0]);
    const doing = act.perform(stage);
    if (doing === undefined) continue;
    script?.shift();
    tally.acts[act.name] = (tally.acts[act.name] ?? 0) + 1;
    const done = doing
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => underWay.delete(done));
    underWay.set(done, act.name);
    keepUp(plan, stage);
  }
  const timer = new AbortController();
  const late = delay(MEND_MS, undefined, { signal: timer.signal }).then(
    () => {
      throw new Error(`not mended: ${[...underWay.values()].join(', ')}`);
    },
    () => undefined,
  );
  await Promise.race([Promise.all(underWay.keys()), late]).finally(() => timer.abort());
  if (failure !== undefined) throw failure;
}

function named(acts: readonly Act[], name: string | undefined): Act {
  const act = acts.find((candidate) => candidate.name === name);
  if (act === undefined) throw new RangeError(`there is no act "${name}"`);
  return act;
}

function actsFor(stage: Stage): readonly Act[] {
  if (stage.postgres === undefined) {
    return [...embeddedActs, networkAct];
  }
  return [...workerActs, networkAct, ...postgresActs, ...(stage.redis === undefined ? [] : redisActs)];
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
