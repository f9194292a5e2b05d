/*
 * npm run test:faults -- [--minutes N] [--seed N] [--only processes|model] [--stop-on-failure]
 *   [--rounds N] [--side-by-side N] [--json FILE]
 *
 * Plain JavaScript, since Node 20 runs no TypeScript: hands the options to Vitest, which does.
 */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    'stop-on-failure': { type: 'boolean' },
    rounds: { type: 'string' },
    'side-by-side': { type: 'string' },
    json: { type: 'string' },
  },
});
if (values.only !== undefined && !['processes', 'model'].includes(values.only)) {
  throw new Error('--only takes "processes" or "model"');
}
const options = {
  minutes: numberOf('minutes'),
  seed: numberOf('seed'),
  only: values.only,
  stopOnFailure: values['stop-on-failure'],
  sideBySide: numberOf('side-by-side'),
  rounds: numberOf('rounds'),
  json: values.json === undefined ? undefined : resolve(values.json),
};
const root = join(import.meta.dirname, '..', '..');
const vitest = spawn(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', 'test/faults/vitest.config.ts'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, FAULTS_OPTIONS: JSON.stringify(options) } },
);
// Ctrl-C reaches both; this one waits until the other has cleaned up.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => vitest.kill('SIGTERM'));
vitest.on('exit', (code) => process.exit(code ?? 1));

/** @param {'minutes' | 'seed' | 'rounds' | 'side-by-side'} name */
function numberOf(name) {
  const text = values[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number > 0)) throw new Error(`--${name} takes a number above 0`);
  return number;
}
