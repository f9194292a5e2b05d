import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';

/** More than any named file takes; a mutation that makes a test go round in a circle is not caught by it. */
const TIME_LIMIT_MS = 240_000;
/** What this vitest tells its own workers about themselves. */
const OF_THIS_RUN = /^(VITEST.*|NODE_ENV|TEST|DEV|PROD|MODE|SSR|BASE_URL)$/;
const KEPT_DATABASE = /kept the database (historian_test_\w+)/g;

export interface FailedTest {
  readonly file: string;
  /** The names of its suites and its own. */
  readonly name: string;
}

export interface TestFilesRun {
  readonly passed: number;
  readonly failed: readonly FailedTest[];
  /** Files that could not be loaded, and so tested nothing. */
  readonly notLoaded: readonly string[];
  /** Databases of failed tests, which the run has left. */
  readonly keptDatabases: readonly string[];
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/**
 * Runs test files of a copy of the repository with the copy's own configuration.
 *
 * @throws {Error} when the run does not come to its report
 */
export async function runTestFiles(
  root: string,
  files: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<TestFilesRun> {
  const report = join(root, 'tests.json');
  const inherited = Object.entries(process.env).filter(([name]) => !OF_THIS_RUN.test(name));
  const child = spawn(
    process.execPath,
    [
      join('node_modules', 'vitest', 'vitest.mjs'),
      'run',
      // What a mutation keeps waiting is caught as well, and several of it have to end in time.
      '--testTimeout=60000',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...files,
    ],
    {
      cwd: root,
      env: { ...Object.fromEntries(inherited), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIME_LIMIT_MS,
      killSignal: 'SIGKILL',
    },
  );
  const [said, complained] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  const parsed = await readFile(report, 'utf8').then(
    (json) => JSON.parse(json) as JsonReport,
    () => undefined,
  );
  if (parsed === undefined) {
    throw new Error(
      `The tests came to no end (${child.signalCode ?? child.exitCode}):\n${said}${complained}`,
    );
  }
  const kept = [...`${said}${complained}`.matchAll(KEPT_DATABASE)].map((match) => match[1] ?? '');
  return { ...resultsOf(parsed, root), keptDatabases: [...new Set(kept)] };
}

function resultsOf({ testResults }: JsonReport, root: string): Omit<TestFilesRun, 'keptDatabases'> {
  const results = testResults.map((result) => ({ ...result, file: relative(root, result.name) }));
  const tests = results.flatMap(({ file, assertionResults }) =>
    assertionResults.map(({ ancestorTitles, title, status }) => ({
      file,
      name: [...ancestorTitles, title].join(' › '),
      status,
    })),
  );
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: tests.filter(({ status }) => status === 'failed').map(({ file, name }) => ({ file, name })),
    notLoaded: results
      .filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
      .map(({ file }) => file),
  };
}
