import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerUri, type Settings } from '../../../src/db/embedded/settings.ts';
import { type Act, wait } from './act.ts';
import { expireLeases } from './postgres-acts.ts';
import { killTree } from './process-tree.ts';
import type { Stage } from './stage.ts';

/** `start` on its embedded Postgres: the chaos kills one, the other, or both. */
export const embeddedActs: readonly Act[] = [
  {
    name: 'kill -9 of start and its Postgres',
    weight: 12,
    perform: (stage) =>
      withStart(stage, async () => {
        stage.tally.kills.embedded += 1;
        await Promise.all([killStart(stage), killPostmaster(stage)]);
        await startAgain(stage);
      }),
  },
  {
    name: 'kill -9 of start alone',
    weight: 4,
    perform: (stage) =>
      withStart(stage, async () => {
        stage.tally.kills.worker += 1;
        await killStart(stage);
        await startAgain(stage);
      }),
  },
  {
    name: 'kill -9 of the embedded Postgres alone',
    weight: 4,
    perform: (stage) =>
      withStart(stage, async () => {
        stage.tally.kills.postgres += 1;
        await killPostmaster(stage);
      }),
  },
  {
    name: 'SIGTERM to start',
    weight: 2,
    perform: (stage) =>
      withStart(stage, async () => {
        stage.tally.stops += 1;
        for (const member of stage.fleet.living) await stage.fleet.stop(member);
        await startAgain(stage);
      }),
  },
  {
    name: 'all leases taken for expired',
    weight: 6,
    perform: (stage) =>
      withStart(stage, async () => {
        const url = await embeddedUrl(stage.dataDir);
        if (url !== undefined) await expireLeases(url);
      }),
  },
];

/** Where the embedded Postgres keeps the id of its first process. */
export function embeddedPidfile(dataDir: string): string {
  return join(dataDir, 'postgres', 'cluster', 'postmaster.pid');
}

/** Connects as the owner; `undefined` before the first start. */
export async function embeddedUrl(dataDir: string): Promise<string | undefined> {
  const settings = await embeddedSettings(dataDir);
  return settings === undefined ? undefined : ownerUri(settings);
}

export async function embeddedSettings(dataDir: string): Promise<Settings | undefined> {
  const text = await readFile(join(dataDir, 'embedded-postgres.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Settings);
}

function withStart(stage: Stage, act: () => Promise<void>): Promise<void> | undefined {
  const isWorking = stage.fleet.working.some(({ bidden }) => bidden === undefined);
  return isWorking ? act() : undefined;
}

async function killStart(stage: Stage): Promise<void> {
  for (const member of stage.fleet.living) await stage.fleet.kill(member);
}

async function killPostmaster(stage: Stage): Promise<void> {
  const text = await readFile(embeddedPidfile(stage.dataDir), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (pid > 1) await killTree(pid);
}

async function startAgain(stage: Stage): Promise<void> {
  await wait(stage, 0, 500);
  if (!stage.quiet.aborted && stage.fleet.living.length === 0) stage.fleet.start('start');
}
