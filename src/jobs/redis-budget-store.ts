import type { Redis } from 'ioredis';
import type { BudgetStore } from './budget-store.ts';

/** One hash slot for all keys, as a script on a Redis Cluster needs. */
const PREFIX = 'meraki-historian:{budgets}:';
/** Longer than any pause lasts and than it takes to be at the full pace again, so what is forgotten was full. */
const FORGOTTEN_AFTER_MS = 600_000;

const READ = `
local time = redis.call('TIME')
return {time[1], time[2], redis.call('MGET', unpack(KEYS))}`;

const EXCHANGE = `
for number, key in ipairs(KEYS) do
  if (redis.call('GET', key) or '') ~= ARGV[2 * number] then return 0 end
end
for number, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[2 * number + 1], 'PX', ARGV[1])
end
return 1`;

/** @param now in place of the clock of Redis, for tests */
export function redisBudgetStore(redis: Redis, now?: () => number): BudgetStore {
  // Commands wait for ever while ioredis connects anew, which is known beforehand.
  const assertConnected = (): void => {
    if (['reconnecting', 'close', 'end'].includes(redis.status)) throw new Error(`Redis: ${redis.status}`);
  };
  return {
    async read(keys) {
      assertConnected();
      const names = keys.map((key) => PREFIX + key);
      const answer = (await redis.eval(READ, names.length, ...names)) as [string, string, (string | null)[]];
      const [seconds, microseconds, texts] = answer;
      return {
        now: now?.() ?? Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000),
        kept: texts.map((text) => text ?? ''),
      };
    },
    async exchange(changes) {
      assertConnected();
      const names = changes.map(({ key }) => PREFIX + key);
      const texts = changes.flatMap(({ before, after }) => [before, after]);
      return (await redis.eval(EXCHANGE, names.length, ...names, FORGOTTEN_AFTER_MS, ...texts)) === 1;
    },
  };
}
