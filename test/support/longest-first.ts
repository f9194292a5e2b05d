import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, from the top. vitest knows only where it has run before; in a fresh clone one of these
 * that begins last would have the others wait for it.
 */
const LONGEST = [
  'archive',
  'model-faults',
  'faults',
  'embedded-postgres-users',
  'export-command',
  'export',
  'sync-refusals',
  'exit-codes',
  'many-workers',
  'stop-and-resume',
  'embedded-postgres-owner',
  'embedded-postgres-guests',
  'report-time-zones',
  'known-archive',
  'command-line',
  'audit',
  'fault-oracle',
  'explain',
  'lost-time-reasons',
  'start-command',
  'audit-requests',
  'sync-organizations',
  'embedded-postgres',
  'quarantine-replay',
  'random-bodies',
  'issued-statements',
  'grafana',
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
