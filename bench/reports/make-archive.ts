import { formatInstant } from '../../src/instant.ts';
import type { ArchiveOptions } from './archive/archive-options.ts';
import { fillArchive } from './fill-archive.ts';
import type { Step } from './results/archive-results.ts';
import { wholeNumber } from './results/archive-results.ts';
import { rollUpArchive } from './roll-up-archive.ts';
import { vacuumArchive } from './vacuum-archive.ts';

/** Fills a database, rolls all of it up and vacuums it, and tells how long each took. */
export async function makeArchive(
  databaseUrl: string,
  options: Partial<ArchiveOptions>,
  tell: (line: string) => void,
): Promise<{ readonly contents: string; readonly steps: readonly Step[] }> {
  const steps: Step[] = [];
  const done = (step: Step) => {
    steps.push(step);
    const { name, rows, seconds } = step;
    const rate = rows === null ? '' : `, ${wholeNumber(rows)} rows, ${wholeNumber(rows / seconds)} a second`;
    tell(`${name}: ${seconds.toFixed(1)} s${rate}`);
  };
  const filled = await fillArchive(databaseUrl, options, (table, month, rows) => {
    tell(`  ${table} ${month}: ${wholeNumber(rows)}`);
  });
  const { archive, customers, deliveries, counts, seconds } = filled;
  done({ name: 'deliveries filled in', rows: deliveries, seconds: seconds.deliveries });
  done({ name: 'API counts filled in, at the same time', rows: counts, seconds: seconds.counts });
  done({ name: 'both, and all else', rows: deliveries + counts, seconds: seconds.all });
  done({ name: 'vacuum and analyze of facts', rows: null, seconds: await vacuumArchive(databaseUrl) });
  const rolledUp = await rollUpArchive(databaseUrl, archive, customers);
  done({ name: 'rolled up', rows: deliveries + counts, seconds: rolledUp });
  done({ name: 'vacuum and analyze of rollups', rows: null, seconds: await vacuumArchive(databaseUrl) });
  const contents =
    `${wholeNumber(deliveries)} deliveries and ${wholeNumber(counts)} API counts of ${archive.organizations} organizations, ` +
    `${formatInstant(archive.from).slice(0, 10)} to ${formatInstant(archive.now).slice(0, 10)} (${archive.days} days), seed ${archive.seed}.`;
  return { contents, steps };
}
