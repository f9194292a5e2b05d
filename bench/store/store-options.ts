import { parseArgs } from 'node:util';

export interface StoreOptions {
  /** Deliveries of each archive, the smallest first. */
  readonly sizes: readonly number[];
  readonly organizations: number;
  /** Days that the largest archive spans; smaller ones are its end. */
  readonly days: number;
  readonly seed: string;
  readonly help: boolean;
}

export const USAGE = `npm run bench:store -- [options]

  --rows N,N,…        deliveries of the archive as it grows (1000000,2000000,5000000)
  --organizations N   (50)
  --days N            days the largest one spans (365); the others are as dense and so much shorter
  --seed TEXT         another archive of the same kind (1)

BENCH_DATABASE_URL names a server and a user who may make databases there. Without it, the embedded Postgres is
started below ./data/bench. Nobody else may write on the server meanwhile: WAL is counted for the whole of it.`;

/** @throws {RangeError} when an option is not understood */
export function storeOptions(given: readonly string[]): StoreOptions {
  const { values } = parseArgs({
    args: [...given],
    options: {
      rows: { type: 'string', default: '1000000,2000000,5000000' },
      organizations: { type: 'string', default: '50' },
      days: { type: 'string', default: '365' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  const sizes = values.rows.split(',').map((size) => wholeNumber('rows', size));
  return {
    sizes: sizes.sort((a, b) => a - b),
    organizations: wholeNumber('organizations', values.organizations),
    days: wholeNumber('days', values.days),
    seed: values.seed,
    help: values.help,
  };
}

function wholeNumber(name: string, given: string): number {
  const number = Number(given);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`--${name} takes numbers above 0`);
  return number;
}
