import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, from the top. vitest knows only where it has run before; in a fresh clone one of these
 * that begins last would have the others wait for it.
 */
const LONGEST = [
  'sync',
  'archive',
  'faults',
  'audit',
  'embedded-postgres',
  'command-line',
  'stop-and-resume',
  'model-faults',
  'many-workers',
  'export-command',
  'export',
  'known-archive',
  'report-time-zones',
  'fault-oracle',
  'issued-statements',
  'lost-time',
  'grafana',
  'random-bodies',
].map((name) => `${name}.test.ts`);

/** vitest's order, but the files that take longest begin first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.indexOf(basename(moduleId));
      return found === -1 ? LONGEST.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
