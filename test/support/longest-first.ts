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

/**
 * vitest's order, but the files that take longest begin first, and those of a project follow each other: a worker that
 * is to run a file of another project is ended, with all that it has loaded.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification): number => {
      const found = LONGEST.indexOf(basename(moduleId));
      const inProject = found === -1 ? LONGEST.length : found;
      return project.name === 'unit' ? LONGEST.length + 1 + inProject : inProject;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
