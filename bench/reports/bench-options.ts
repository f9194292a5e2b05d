import { parseArgs } from 'node:util';
import type { ArchiveOptions } from './archive/archive-options.ts';
import { planArchive } from './archive/archive-options.ts';

export interface BenchOptions {
  readonly archive: Partial<ArchiveOptions>;
  /** Deliveries of a second, shorter archive to compare with; `undefined`: none. */
  readonly compare: number | undefined;
  readonly keep: boolean;
  /** A database that an earlier run kept: it is measured, and not filled. */
  readonly use: string | undefined;
  readonly runs: number;
  readonly only: string;
  readonly help: boolean;
}

export const USAGE = `npm run bench:reports -- [options]

  --rows N            deliveries (20000000)
  --counts N          rows of API response counts, about (1.75 for each delivery)
  --organizations N   (50)
  --days N            (730)
  --seed TEXT         another archive of the same kind (1)
  --compare N         also an archive of N deliveries and so much shorter a history, and a table of both
  --runs N            warm runs of each query (7; fewer where it is slow)
  --only TEXT         only views and recipes whose name holds TEXT
  --keep              leave the database, and say its name
  --use NAME          measure a database that was kept; only the shorter archive of --compare is filled

BENCH_DATABASE_URL names a server and a user who may make databases there. Without it, the embedded Postgres is
started below ./data/bench.`;

/** @throws {RangeError} when an option is not understood */
export function benchOptions(given: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...given],
    options: {
      rows: { type: 'string' },
      counts: { type: 'string' },
      organizations: { type: 'string' },
      days: { type: 'string' },
      seed: { type: 'string' },
      compare: { type: 'string' },
      runs: { type: 'string' },
      only: { type: 'string' },
      keep: { type: 'boolean' },
      use: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const { rows, counts, organizations, days, seed } = values;
  return {
    archive: {
      ...(rows !== undefined && { deliveries: wholeNumber('rows', rows) }),
      ...(counts !== undefined && { counts: wholeNumber('counts', counts) }),
      ...(organizations !== undefined && { organizations: wholeNumber('organizations', organizations) }),
      ...(days !== undefined && { days: wholeNumber('days', days) }),
      ...(seed !== undefined && { seed }),
    },
    compare: values.compare === undefined ? undefined : wholeNumber('compare', values.compare),
    keep: values.keep ?? false,
    use: values.use,
    runs: wholeNumber('runs', values.runs ?? '7'),
    only: values.only ?? '',
    help: values.help ?? false,
  };
}

/** The end of the same history with about so many deliveries: what was asked of it a month ago is alike. */
export function shorterArchive(archive: Partial<ArchiveOptions>, deliveries: number): ArchiveOptions {
  const { from: _from, ...whole } = planArchive(archive);
  const part = deliveries / whole.deliveries;
  return {
    ...whole,
    deliveries,
    counts: Math.round(whole.counts * part),
    days: Math.max(1, Math.round(whole.days * part)),
  };
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`--${name} takes a number above 0`);
  return number;
}
