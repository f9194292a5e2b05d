/*
 * What the chaos of workers can do. An act breaks something, may wait, and mends it; it is not awaited, so that
 * acts overlap. What is broken already is left alone by the others.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { askPostgres } from './ask-postgres.ts';
import type { Member } from './fleet.ts';
import type { PostgresServer } from './postgres-server.ts';
import type { RedisServer } from './redis-server.ts';
import type { Stage } from './stage.ts';

export interface Act {
  readonly name: string;
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  /** @returns `undefined` when it cannot be done at the moment */
  perform(stage: Stage): Promise<void> | undefined;
}

/** Waits, but not beyond the chaos. */
export async function wait(stage: Stage, least: number, most: number): Promise<void> {
  const { random, quiet } = stage;
  await delay(least + random.next() * (most - least), undefined, { signal: quiet }).catch(() => undefined);
}

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
  {
    name: 'the network to the dashboard is cut',
    weight: 4,
    perform: (stage) => {
      stage.simulator.outage(0.5 + stage.random.next() * 6);
      return Promise.resolve();
    },
  },
];

export const postgresActs: readonly Act[] = [
  {
    name: 'kill -9 of all of Postgres',
    weight: 6,
    perform: (stage) =>
      withPostgres(stage, async (postgres) => {
        stage.tally.kills.postgres += 1;
        await postgres.kill();
        await comeBack(stage, postgres);
      }),
  },
  {
    name: 'immediate shutdown of Postgres',
    weight: 2,
    perform: (stage) =>
      withPostgres(stage, async (postgres) => {
        await postgres.stopImmediately();
        await comeBack(stage, postgres);
      }),
  },
  {
    name: 'kill -9 of one process of Postgres',
    weight: 4,
    perform: (stage) =>
      withPostgres(stage, async (postgres) => {
        stage.tally.kills.postgres += 1;
        await postgres.killOneChild(stage.random.pick);
      }),
  },
  {
    name: 'all connections terminated',
    weight: 5,
    perform: (stage) =>
      withPostgres(stage, ({ adminUrl }) =>
        askLoosely(
          adminUrl,
          'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
        ),
      ),
  },
  {
    name: 'the connection limit is filled',
    weight: 2,
    perform: (stage) => withPostgres(stage, (postgres) => fillConnections(stage, postgres)),
  },
  {
    // As a worker whose clock is ahead sees it: it takes lanes from holders that are alive.
    name: 'all leases taken for expired',
    weight: 7,
    perform: (stage) => withPostgres(stage, ({ adminUrl }) => expireLeases(adminUrl)),
  },
];

export const redisActs: readonly Act[] = [
  {
    name: 'kill -9 of Redis',
    weight: 4,
    perform: (stage) => withRedis(stage, (redis) => killRedis(stage, redis)),
  },
  {
    name: 'kill -9 of Redis, and it forgets all',
    weight: 4,
    perform: (stage) => withRedis(stage, (redis) => killRedis(stage, redis, () => redis.forget())),
  },
  {
    name: 'Redis is wiped while it runs',
    weight: 4,
    perform: (stage) =>
      withRedis(stage, async (redis) => {
        await redis.ask((client) => client.flushall()).catch(() => undefined);
      }),
  },
];

/** Ends all leases before their time. */
export async function expireLeases(adminUrl: string): Promise<void> {
  await askLoosely(
    adminUrl,
    `update meraki_ingest.checkpoints set held_until = now() - interval '1 second' where holder is not null`,
  );
}

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

function withPostgres(
  { postgres }: Stage,
  act: (postgres: PostgresServer) => Promise<void>,
): Promise<void> | undefined {
  return postgres?.isUp ? act(postgres) : undefined;
}

/** At once or after seconds. */
async function comeBack(stage: Stage, postgres: PostgresServer): Promise<void> {
  if (stage.random.chance(0.5)) await wait(stage, 500, 8_000);
  await postgres.start();
}

function withRedis({ redis }: Stage, act: (redis: RedisServer) => Promise<void>): Promise<void> | undefined {
  return redis?.isUp ? act(redis) : undefined;
}

async function killRedis(stage: Stage, redis: RedisServer, meanwhile?: () => Promise<void>): Promise<void> {
  stage.tally.kills.redis += 1;
  await redis.kill();
  await meanwhile?.();
  if (stage.random.chance(0.5)) await wait(stage, 500, 6_000);
  await redis.start();
}

/** Holds all places until there are no more, also those that become free, for some seconds. */
async function fillConnections(stage: Stage, postgres: PostgresServer): Promise<void> {
  const held: pg.Client[] = [];
  const enough = Date.now() + 2_000 + stage.random.next() * 4_000;
  while (Date.now() < enough && !stage.quiet.aborted) {
    const client = new pg.Client({ connectionString: postgres.url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    const isIn = await client.connect().then(
      () => true,
      () => false,
    );
    if (isIn) held.push(client);
    else await wait(stage, 100, 100);
  }
  await Promise.all(held.map((client) => client.end().catch(() => undefined)));
}

/** A server that is being killed by another act answers nothing; that is no fault of this one. */
async function askLoosely(url: string, statement: string): Promise<void> {
  await askPostgres(url, (client) => client.query(statement)).catch(() => undefined);
}
