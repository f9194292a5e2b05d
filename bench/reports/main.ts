import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchiveOptions, planArchive } from './archive/archive-options.ts';
import { type BenchOptions, benchOptions, shorterArchive, USAGE } from './bench-options.ts';
import { type BenchServer, openBenchServer } from './bench-server.ts';
import { makeArchive } from './make-archive.ts';
import { measureArchive } from './measure/measure-archive.ts';
import type { ArchiveResults } from './results/archive-results.ts';
import { describeMachine } from './results/machine.ts';
import { archiveMarkdown, comparisonMarkdown } from './results/markdown.ts';
import { MEASUREMENT_HEADING, measurementLine } from './results/measurement-line.ts';
import { readTableSizes } from './table-sizes.ts';

const FOLDER = join(import.meta.dirname, '..', 'results');
const COOKBOOK = join(import.meta.dirname, '..', '..', 'docs', 'cookbook.md');
const RUN_DAYS = 90;

/** @returns 0 when every floor was kept, 1 when one was missed */
export async function main(given: readonly string[]): Promise<number> {
  const options = benchOptions(given);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const { from: _from, ...archive } = planArchive(options.archive);
  const large = { ...archive, runDays: Math.min(archive.days, RUN_DAYS) };
  const server = await openBenchServer(process.env['BENCH_DATABASE_URL'] || undefined);
  try {
    const small =
      options.compare === undefined
        ? undefined
        : await benchOne(server, { ...options, use: undefined }, shorterArchive(large, options.compare));
    const results = await benchOne(server, options, large);
    await save(results, small);
    return tellFloors([...(small?.measurements ?? []), ...results.measurements]);
  } finally {
    await server.close();
  }
}

async function benchOne(
  server: BenchServer,
  options: BenchOptions,
  archive: ArchiveOptions,
): Promise<ArchiveResults> {
  const name = options.use ?? (await server.create());
  const url = server.urlOf(name);
  try {
    const made =
      options.use === undefined
        ? await makeArchive(url, archive, (line) => console.log(line))
        : { contents: `The database ${name}, kept by an earlier run.`, steps: [] };
    console.log(`\n${MEASUREMENT_HEADING}`);
    const { subject, measurements } = await measureArchive(url, {
      runs: options.runs,
      only: options.only,
      cookbook: await readFile(COOKBOOK, 'utf8').catch(() => undefined),
      onMeasured: (measurement) => console.log(measurementLine(measurement)),
    });
    const { largest, average } = subject.shares;
    const shares = `The largest organization has ${percent(largest)} of the deliveries, the average one ${percent(average)}.`;
    return {
      machine: await describeMachine(url),
      contents: `${made.contents} ${shares}`,
      steps: made.steps,
      sizes: await readTableSizes(url),
      measurements,
    };
  } finally {
    if (options.keep) console.log(`kept: ${name}`);
    else if (options.use === undefined) await server.drop(name);
  }
}

async function save(large: ArchiveResults, small: ArchiveResults | undefined): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const parts = [`# ${new Date().toISOString().slice(0, 10)}`, large.machine, archiveMarkdown(large)];
  if (small !== undefined) {
    parts.push(
      '# Compared',
      comparisonMarkdown(small, large),
      '# The smaller archive',
      archiveMarkdown(small),
    );
  }
  await writeFile(join(FOLDER, 'reports.md'), `${parts.join('\n\n')}\n`);
  await writeFile(join(FOLDER, 'reports.json'), `${JSON.stringify({ large, small }, undefined, 2)}\n`);
  console.log(`\nwritten to ${FOLDER}`);
}

function tellFloors(measurements: ArchiveResults['measurements']): number {
  const missed = measurements.filter(({ kept }) => kept === false);
  const asked = measurements.filter(({ kept }) => kept !== null).length;
  console.log(`\n${asked - missed.length} of ${asked} floors kept`);
  for (const measurement of missed) console.log(measurementLine(measurement));
  return missed.length === 0 ? 0 : 1;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
