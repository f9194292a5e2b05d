import { parseArgs } from 'node:util';

const BASELINES = ['least', 'copy', 'drizzle', 'insert'] as const;

export type Baseline = (typeof BASELINES)[number];

export interface IngestOptions {
  readonly rows: number;
  readonly organizations: number;
  readonly days: number;
  /** Rows that the slow ways are given. */
  readonly drizzleRows: number;
  readonly insertRows: number;
  readonly skip: readonly (Baseline | 'reread')[];
  /** Two sizes whose memory is compared; nothing else is measured then. */
  readonly memory: readonly [number, number] | undefined;
  readonly profile: boolean;
  readonly keep: boolean;
  readonly help: boolean;
}

export const USAGE = `npm run bench:ingest -- [options]

  --rows N            deliveries (2000000)
  --organizations N   (4)
  --days N            days of history they lie in, at most 88 (30)
  --drizzle-rows N    rows for drizzle's builder (200000)
  --insert-rows N     rows for single inserts (20000)
  --skip LIST         of least, copy, drizzle, insert, reread
  --memory            5 and 10 million rows for their memory alone; --memory-rows N: N and twice as many
  --profile           also where the time goes, in the worker and in Postgres; the rates are lower then
  --keep              leave the archive, and say its name

BENCH_DATABASE_URL names a server and a user who may make databases there. Without it, the embedded Postgres is
started below ./data/bench. BENCH_REDIS_URL is where request budgets are kept; without it, in that Postgres.`;

/** @throws {RangeError} when an option is not understood */
export function ingestOptions(given: readonly string[]): IngestOptions {
  const { values } = parseArgs({
    args: [...given],
    options: {
      rows: { type: 'string', default: '2000000' },
      organizations: { type: 'string', default: '4' },
      days: { type: 'string', default: '30' },
      'drizzle-rows': { type: 'string', default: '200000' },
      'insert-rows': { type: 'string', default: '20000' },
      skip: { type: 'string', default: '' },
      memory: { type: 'boolean', default: false },
      'memory-rows': { type: 'string' },
      profile: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const rows = wholeNumber('rows', values.rows);
  const days = wholeNumber('days', values.days);
  if (days > 88)
    throw new RangeError('--days takes at most 88: Meraki keeps 90 days, and the newest is not used');
  const smaller = values['memory-rows'] ?? (values.memory ? '5000000' : undefined);
  const least = smaller === undefined ? undefined : wholeNumber('memory-rows', smaller);
  return {
    rows,
    days,
    organizations: wholeNumber('organizations', values.organizations),
    drizzleRows: Math.min(rows, wholeNumber('drizzle-rows', values['drizzle-rows'])),
    insertRows: Math.min(rows, wholeNumber('insert-rows', values['insert-rows'])),
    skip: skipped(values.skip),
    memory: least === undefined ? undefined : [least, 2 * least],
    profile: values.profile,
    keep: values.keep,
    help: values.help,
  };
}

function skipped(text: string): IngestOptions['skip'] {
  const known = [...BASELINES, 'reread'] as const;
  return text
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const found = known.find((one) => one === name);
      if (found === undefined) throw new RangeError(`--skip does not know "${name}"`);
      return found;
    });
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`--${name} takes a number above 0`);
  return number;
}
