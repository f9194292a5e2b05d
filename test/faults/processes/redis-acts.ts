import { type Act, wait } from './act.ts';
import type { RedisServer } from './redis-server.ts';
import type { Stage } from './stage.ts';

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
