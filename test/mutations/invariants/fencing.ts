import type { Mutation } from '../mutation.ts';

export const fencing: readonly Mutation[] = [
  {
    name: 'commits pages without moving the checkpoint: no fence',
    invariant: 'I4',
    file: 'src/sync/commit-pages.ts',
    find: 'await advanceCheckpoint(tx, held, storedWindows([...besides, last.window]), local)',
    replace: '{ ...held, openWindows: last.window }',
    caughtBy: ['test/integration/run-lane.test.ts'],
  },
  {
    name: 'moves the checkpoint whatever its version: no fence',
    invariant: 'I4',
    file: 'src/db/checkpoints.ts',
    find: ' and version = ${held.version}`);',
    replace: '`);',
    caughtBy: ['test/integration/checkpoints.test.ts'],
  },
  {
    name: 'commits although the fence says no',
    invariant: 'I4',
    file: 'src/db/checkpoints.ts',
    find: 'moved.rowCount !== 1',
    replace: 'moved.rowCount === null',
    caughtBy: ['test/integration/checkpoints.test.ts'],
  },
  {
    name: 'takes a lane over without raising its version',
    invariant: 'I4',
    file: 'src/db/checkpoints.ts',
    find: 'version = c.version + 1',
    replace: 'version = c.version',
    caughtBy: ['test/integration/checkpoints.test.ts'],
  },
  {
    name: 'lets go of a checkpoint that another holds',
    invariant: 'I4',
    file: 'src/db/checkpoints.ts',
    find: ' and version = ${held.version}`),',
    replace: '`),',
    caughtBy: ['test/integration/checkpoints.test.ts'],
  },
  {
    name: 'takes a lane whose holder is alive',
    invariant: 'I4',
    file: 'src/db/checkpoints.ts',
    find: 'where c.holder is null or',
    replace: 'where true or',
    caughtBy: ['test/integration/checkpoints.test.ts'],
  },
];
