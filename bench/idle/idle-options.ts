import { parseArgs } from 'node:util';

export interface IdleOptions {
  readonly organizations: number;
  /** Deliveries of each organization in a day. */
  readonly perDay: number;
  /** How long is measured. */
  readonly seconds: number;
  readonly workers: number;
  readonly queue: 'redis' | 'postgres';
  readonly help: boolean;
}

export const USAGE = `npm run bench:idle -- [options]

  --organizations N   (1000)
  --per-day N         deliveries of each organization in a day (100)
  --seconds N         how long is measured; a cycle of all streams takes 900 (900)
  --workers N         worker processes (1)
  --queue NAME        redis or postgres (redis)

Without BENCH_DATABASE_URL, which names a server and a user who may make databases there, the embedded Postgres is
started below ./data/bench; a server that others use as well is measured with what they do. BENCH_REDIS_URL names a
database of Redis that may be emptied; without it, redis-server is started.`;

/** @throws {RangeError} when an option is not understood */
export function idleOptions(given: readonly string[]): IdleOptions {
  const { values } = parseArgs({
    args: [...given],
    options: {
      organizations: { type: 'string', default: '1000' },
      'per-day': { type: 'string', default: '100' },
      seconds: { type: 'string', default: '900' },
      workers: { type: 'string', default: '1' },
      queue: { type: 'string', default: 'redis' },
      help: { type: 'boolean', default: false },
    },
  });
  const { queue } = values;
  if (queue !== 'redis' && queue !== 'postgres') throw new RangeError('--queue takes redis or postgres');
  return {
    organizations: wholeNumber('organizations', values.organizations),
    perDay: wholeNumber('per-day', values['per-day']),
    seconds: wholeNumber('seconds', values.seconds),
    workers: wholeNumber('workers', values.workers),
    queue,
    help: values.help,
  };
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`--${name} takes a number above 0`);
  return number;
}
