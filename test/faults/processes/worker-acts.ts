import { type Act, wait } from './act.ts';
import type { Member } from './fleet.ts';
import type { Stage } from './stage.ts';

export const networkAct: Act = {
  name: 'the network to the dashboard is cut',
  weight: 4,
  perform: (stage) => {
    stage.simulator.outage(0.5 + stage.random.next() * 6);
    return Promise.resolve();
  },
};

export const workerActs: readonly Act[] = [
  {
    name: 'SIGKILL to a worker',
    weight: 55,
    // Also those that have not begun to work: a kill while a worker opens the archive is a kill like any other.
    perform: (stage) => withWorker(stage, (member) => killAndReplace(stage, member), isRipeToKill(stage)),
  },
  {
    name: 'SIGTERM to a worker',
    weight: 5,
    perform: (stage) =>
      withWorker(stage, async (member) => {
        stage.tally.stops += 1;
        await stage.fleet.stop(member);
        replace(stage);
      }),
  },
  {
    name: 'SIGSTOP to a worker, past its locks',
    weight: 5,
    perform: (stage) => {
      if (stage.fleet.living.some(({ isPaused }) => isPaused)) return undefined;
      return withWorker(stage, async (member) => {
        stage.tally.pauses += 1;
        stage.fleet.pause(member);
        replace(stage);
        await wait(stage, 35_000, 50_000);
        stage.fleet.resume(member);
      });
    },
  },
  {
    name: 'sync beside the workers',
    weight: 4,
    perform: (stage) => {
      if (stage.fleet.living.some(({ command }) => command === 'sync')) return undefined;
      return (async () => {
        const member = stage.fleet.start('sync');
        await wait(stage, 3_000, 15_000);
        if (!stage.fleet.living.includes(member)) return;
        stage.tally.kills.worker += 1;
        await stage.fleet.kill(member);
      })();
    },
  },
];

function withWorker(
  stage: Stage,
  act: (member: Member) => Promise<void>,
  isRipe = ({ isWorking }: Member) => isWorking,
): Promise<void> | undefined {
  const candidates = stage.fleet.living.filter(
    (member) =>
      member.command === 'worker' && member.bidden === undefined && !member.isPaused && isRipe(member),
  );
  return candidates.length === 0 ? undefined : act(stage.random.pick(candidates));
}

/** One in four kills takes whoever is there, the others those that work. */
function isRipeToKill({ random }: Stage): (member: Member) => boolean {
  const anybody = random.chance(0.25);
  return ({ isWorking }) => isWorking || anybody;
}

async function killAndReplace(stage: Stage, member: Member): Promise<void> {
  stage.tally.kills.worker += 1;
  await stage.fleet.kill(member);
  await wait(stage, 0, 300);
  replace(stage);
}

function replace(stage: Stage): void {
  if (!stage.quiet.aborted) stage.fleet.start('worker');
}
