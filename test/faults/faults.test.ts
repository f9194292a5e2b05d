import { afterAll, expect, test } from 'vitest';
import { endPrograms } from '../support/program.ts';
import { runFaults } from './run.ts';
import { optionsFromEnvironment } from './run-options.ts';

// Vitest's main process was killed: nobody waits for this one, whose end ends all that it started.
process.once('disconnect', () => process.exit(1));

afterAll(() => endPrograms());

test('exact under every fault', async () => {
  const figures = await runFaults(optionsFromEnvironment(), (line) => process.stdout.write(`${line}\n`));
  expect(figures).toMatchObject({ failures: 0, lost: 0, doubled: 0, falseCoverage: 0 });
});
