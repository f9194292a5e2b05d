import { parseArgs } from 'node:util';

export interface WorkersOptions {
  readonly workers: readonly number[];
  readonly organizations: readonly number[];
  /** Deliveries of all organizations of a measurement. */
  readonly rows: number;
  readonly fairness: { readonly large: number; readonly small: number; readonly smalls: number };
  readonly only: 'scaling' | 'fairness' | undefined;
  readonly help: boolean;
}

export const USAGE = `npm run bench:workers -- [options]

  --workers LIST        worker processes (1,2,4)
  --organizations LIST  (1,10,100,1000)
  --rows N              deliveries of all organizations of a measurement (200000)
  --large N             deliveries of the large organization (5000000)
  --small N             deliveries of each small one (5000)
  --smalls N            how many small ones there are (99)
  --only PART           scaling or fairness

BENCH_DATABASE_URL names a server and a user who may make databases there. Without it, the embedded Postgres is
started below ./data/bench. BENCH_REDIS_URL names a database of Redis that may be emptied; without it, redis-server is
started.`;

/** @throws {RangeError} when an option is not understood */
export function workersOptions(given: readonly string[]): WorkersOptions {
  const { values } = parseArgs({
    args: [...given],
    options: {
      workers: { type: 'string', default: '1,2,4' },
      organizations: { type: 'string', default: '1,10,100,1000' },
      rows: { type: 'string', default: '200000' },
      large: { type: 'string', default: '5000000' },
      small: { type: 'string', default: '5000' },
      smalls: { type: 'string', default: '99' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { only } = values;
  if (only !== undefined && only !== 'scaling' && only !== 'fairness') {
    throw new RangeError('--only takes scaling or fairness');
  }
  return {
    workers: values.workers.split(',').map((text) => wholeNumber('workers', text)),
    organizations: values.organizations.split(',').map((text) => wholeNumber('organizations', text)),
    rows: wholeNumber('rows', values.rows),
    fairness: {
      large: wholeNumber('large', values.large),
      small: wholeNumber('small', values.small),
      smalls: wholeNumber('smalls', values.smalls),
    },
    only,
    help: values.help,
  };
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`--${name} takes a number above 0`);
  return number;
}
