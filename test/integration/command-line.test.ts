/* What a person reads who runs the commands one after the other, and how they end. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { HOURLY, run, settings, setUpCommandLine, start } from '../support/command-line.ts';
import { startProgram } from '../support/program.ts';
import { createTestDatabase } from '../support/test-database.ts';

setUpCommandLine();

describe('help', () => {
  test('of the program and of every command', async () => {
    const help = await start(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    const listed = help.stdout.slice(help.stdout.indexOf('Commands:'), help.stdout.indexOf('First steps:'));
    const commands = [...listed.matchAll(/^ {2}([a-z]+)\b/gm)].map((match) => match[1] ?? '');
    expect(commands).toEqual(
      expect.arrayContaining(
        'start worker sync demo simulator status gaps explain doctor migrate help'.split(' '),
      ),
    );
    for (const command of commands) {
      const { exitCode, stdout } = await run(command === 'help' ? ['help', 'sync'] : [command, '--help']);
      expect({ command, exitCode }).toEqual({ command, exitCode: 0 });
      expect(stdout).toContain(`Usage: meraki-historian ${command === 'help' ? 'sync' : command}`);
    }
    expect(await start(['help', 'sync'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Usage: meraki-historian sync'),
    });
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8'));
    for (const command of commands.filter((name) => name !== 'help')) {
      expect(scripts).toHaveProperty(command, `node dist/main.js ${command}`);
    }
    const version = await start(['--version']);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe.runIf(existsSync('/dev/full'))('a disk that is full', () => {
  /** What the program leaves that is started by such a line of a shell, in which it is `$0`. */
  const leaves = (line: string) =>
    new Promise<{ exitCode: unknown; stdout: string; stderr: string }>((resolve) => {
      const program = [process.execPath, 'dist/main.js'].join(' ');
      execFile('sh', ['-c', line.replace('$0', program)], (error, stdout, stderr) =>
        resolve({ exitCode: error?.code ?? 0, stdout, stderr }),
      );
    });

  test('under the log does not end the program', async () => {
    expect(await leaves('$0 nonsense 2>/dev/full')).toEqual({ exitCode: 2, stdout: '', stderr: '' });
  });

  test('under the answer is told in a line', async () => {
    const { exitCode, stderr } = await leaves('$0 --help >/dev/full');
    expect(stderr).toMatch(/^The output cannot be written: ENOSPC.*\n$/);
    expect(exitCode).toBe(1);
  });
});

test('migrate, sync, status, gaps and doctor: gaps end with 7, a whole archive with 0', async () => {
  const { url } = await createTestDatabase({ migrated: false });
  const environment = settings(url);
  const migrated = await start(['migrate'], environment);
  expect(migrated).toMatchObject({ exitCode: 0 });
  expect(migrated.stdout).toMatch(/^(applied \d{4}_\w+(\.sql)?\n)+$/);
  const again = await run(['migrate'], environment);
  expect(again).toMatchObject({ exitCode: 0, stdout: 'The database is up to date.\n' });
  expect(JSON.parse((await run(['status', '--json'], environment)).stdout).streams).toEqual([]);

  const from = new Date(Date.now() - 10 * 86_400_000).toISOString();
  const to = new Date(Date.now() - 9 * 86_400_000).toISOString();
  const partly = await start(['sync', '--from', from, '--to', to, '--json'], environment);
  expect(partly.exitCode).toBe(7);
  expect(JSON.parse(partly.stdout).gaps).toBeGreaterThan(0);
  const gaps = await start(['gaps', '--json'], environment);
  expect(gaps.exitCode).toBe(7);
  expect(JSON.parse(gaps.stdout).gaps).toContainEqual(
    expect.objectContaining({ stream: 'webhook_logs', state: 'pending', series: 'all' }),
  );
  const listed = await run(['gaps'], environment);
  expect(listed).toMatchObject({ exitCode: 7, stdout: expect.stringContaining('can be had until') });
  const warned = await start(['doctor', '--json'], environment);
  expect(warned.exitCode).toBe(7);
  expect(JSON.parse(warned.stdout).findings).toContainEqual(
    expect.objectContaining({ check: 'archive', state: 'warning' }),
  );

  const whole = await start(['sync'], environment);
  expect(whole).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('new rows in') });
  expect((await run(['gaps', '--json'], environment)).exitCode).toBe(0);
  expect(await start(['gaps'], environment)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('No gaps'),
  });
  const examined = await start(['doctor', '--json'], environment);
  expect(examined.exitCode).toBe(0);
  expect(JSON.parse(examined.stdout).findings.map((finding: { check: string }) => finding.check)).toEqual(
    expect.arrayContaining([
      'configuration',
      'Meraki key',
      'clock',
      'database',
      'schema',
      'archive',
      'deadlines',
      'queue',
    ]),
  );
  const status = await run(['status', '--json'], environment);
  expect(status.exitCode).toBe(0);
  expect(JSON.parse(status.stdout).streams).toMatchObject([
    { stream: 'webhook_logs', pending_gaps: 0, lost_gaps: 0, last_error: null },
    { stream: 'api_responses', pending_gaps: 0, lost_gaps: 0, last_error: null },
  ]);
  expect(await start(['status'], environment)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('covered'),
  });
});

test('demo --once compares with the truth and ends with 0, with no key', async () => {
  const { url } = await createTestDatabase({ migrated: false });
  const demo = ['demo', '--once', '--rows', '3000', '--organizations', '1', '--json'];
  const { exitCode, stdout } = await start(demo, { ...HOURLY, DATABASE_URL: url });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    comparison: { deliveries_wrong: 0, buckets_wrong: 0 },
    gaps: 0,
    quarantined: 0,
  });
});

test('nobody reads what is said, and the work is done', async () => {
  const { url } = await createTestDatabase();
  const program = startProgram(['sync'], { ...settings(url), LOG_LEVEL: 'debug' });
  program.process.stdout?.destroy();
  program.process.stderr?.destroy();
  expect((await program.ended).exitCode).toBe(0);
  expect((await run(['gaps'], settings(url))).exitCode).toBe(0);
});
