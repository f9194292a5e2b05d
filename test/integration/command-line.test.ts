import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Environment } from '../../src/config.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import {
  buildProgram,
  type Ended,
  endPrograms,
  expectPresentable,
  startProgram,
} from '../support/program.ts';
import { runHere } from '../support/run-here.ts';
import { createTestDatabase } from '../support/test-database.ts';

const KEY = 'key-0123456789abcdef-of-the-test';
const PASSWORD = 'password-of-the-database';
const HOURLY = { API_RESPONSES_INTERVAL: '3600' };

let simulator: Simulator;
/** Refuses: a free port could be taken by a test beside this one. */
const closedPort = 9;
let directory: string;
let unreachable: Promise<Ended>;

beforeAll(async () => {
  await buildProgram();
  directory = await mkdtemp(join(tmpdir(), 'historian-command-line-'));
  simulator = await startSimulator({ organizations: 1, rows: 1_000, key: KEY });
  const { url } = await createTestDatabase();
  // It asks six times, for about a quarter of a minute, so the other tests go on meanwhile.
  unreachable = start(['sync'], {
    ...settings(url),
    MERAKI_BASE_URL: `http://127.0.0.1:${closedPort}/api/v1`,
  });
}, 120_000);

afterAll(async () => {
  await endPrograms();
  await simulator?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A port that refuses connections. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function settings(databaseUrl: string): Environment {
  return {
    ...HOURLY,
    MERAKI_DASHBOARD_API_KEY: KEY,
    MERAKI_BASE_URL: simulator.baseUrl,
    DATABASE_URL: databaseUrl,
    DATA_DIR: directory,
    REQUESTS_PER_SECOND: '10',
  };
}

/** In a process of its own. */
async function start(commandLine: readonly string[], environment: Environment = {}): Promise<Ended> {
  const ended = await startProgram(commandLine, { DATA_DIR: directory, ...environment }).ended;
  expectPresentable(ended, [KEY, PASSWORD]);
  return ended;
}

/** For what a process of its own would add nothing to. */
async function run(commandLine: readonly string[], environment: Environment = {}): Promise<Ended> {
  const ended = await runHere(commandLine, { DATA_DIR: directory, ...environment });
  expectPresentable(ended, [KEY, PASSWORD]);
  return ended;
}

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
    const version = await start(['--version']);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('exit code 2: usage', () => {
  const expectUsage = ({ exitCode, stdout, stderr }: Ended) => {
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).not.toBe('');
  };

  test.each([
    ['no command', []],
    ['an unknown command', ['archive']],
    ['an unknown option', ['sync', '--fast']],
  ])('%s, of a process', async (_, commandLine) => {
    expectUsage(await start(commandLine, { MERAKI_DASHBOARD_API_KEY: KEY }));
  });

  test.each([
    ['an unknown stream', ['sync', '--stream', 'events']],
    ['a time that is none', ['sync', '--from', 'yesterday']],
    ['a time to explain that is none', ['explain', '1', 'soon']],
    ['metrics as JSON', ['status', '--metrics', '--json']],
    ['a reader of no organization', ['reader', 'add', 'customer']],
    ['a reader without a name', ['reader', 'remove']],
    ['a number that is none', ['demo', '--rows', 'many']],
    ['a fault plan that is none', ['simulator', '--faults', 'package.json']],
    ['a fault plan that is not there', ['simulator', '--faults', 'no-such-file.json']],
    ['a stretch of time that ends before it begins', ['sync', '--from', '2026-02-01', '--to', '2026-01-01']],
  ])('%s', async (_, commandLine) => {
    expectUsage(await run(commandLine, { MERAKI_DASHBOARD_API_KEY: KEY }));
  });
});

describe('exit code 3: configuration', () => {
  test('all faults are told at once, and no secret', async () => {
    const { exitCode, stderr } = await start(['sync'], {
      DATABASE_URL: `mysql://user:${PASSWORD}@localhost/archive`,
      REDIS_URL: `http://user:${PASSWORD}@localhost`,
      WEBHOOK_LOGS_EVERY: 'often',
      REQUESTS_PER_SECOND: '99',
      RETENTION: '30d',
      MERAKI_BASE_URL: 'api.meraki.com',
    });
    expect(exitCode).toBe(3);
    for (const name of [
      'MERAKI_DASHBOARD_API_KEY',
      'MERAKI_BASE_URL',
      'DATABASE_URL',
      'REDIS_URL',
      'WEBHOOK_LOGS_EVERY',
      'REQUESTS_PER_SECOND',
      'RETENTION',
    ]) {
      expect(stderr).toContain(name);
    }
  });

  test('doctor says so as JSON too', async () => {
    const { exitCode, stdout } = await start(['doctor', '--json']);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ check: 'configuration', state: 'failed' }] });
  });

  test("another dashboard's archive is left alone", async () => {
    const { url, database } = await createTestDatabase();
    await database.pool.query("insert into meraki_ingest.settings (name, value) values ('source', 'meraki')");
    const { exitCode, stderr } = await start(['sync'], settings(url));
    expect(exitCode).toBe(3);
    expect(stderr).toContain('"meraki"');
  });
});

describe('exit code 4: the key is refused', () => {
  test.each([['sync'], ['start'], ['doctor']])('%s', async (command) => {
    const { url } = await createTestDatabase();
    const wrong = 'wrong-key-wrong-key-wrong-key';
    const ended = await start([command], { ...settings(url), MERAKI_DASHBOARD_API_KEY: wrong });
    expect(ended.exitCode).toBe(4);
    expectPresentable(ended, [wrong]);
    expect(`${ended.stdout}${ended.stderr}`).toContain('401');
  });
});

describe('exit code 6: database or queue unreachable', () => {
  const down = () => `postgres://historian:${PASSWORD}@127.0.0.1:${closedPort}/archive`;

  test.each([
    ['sync', start],
    ['status', start],
    ['gaps', run],
    ['migrate', start],
    ['doctor', run],
  ])('%s', async (command, by) => {
    const ended = await by([command], settings(down()));
    expect(ended.exitCode).toBe(6);
    expect(`${ended.stdout}${ended.stderr}`).toContain('Postgres cannot be reached');
  });

  test('Redis', async () => {
    const { url } = await createTestDatabase();
    const redis = { REDIS_URL: `redis://user:${PASSWORD}@127.0.0.1:${closedPort}` };
    const ended = await start(['sync'], { ...settings(url), ...redis });
    expect(ended.exitCode).toBe(6);
    expect(ended.stderr).toContain('REDIS_URL');
    const examined = await run(['doctor', '--json'], { ...settings(url), ...redis });
    expect(examined.exitCode).toBe(6);
    expect(JSON.parse(examined.stdout).findings).toContainEqual(
      expect.objectContaining({ check: 'queue', state: 'failed' }),
    );
  });

  test('a database without an archive', async () => {
    const { url } = await createTestDatabase({ migrated: false });
    for (const [command, by] of [
      ['status', run],
      ['gaps', start],
      ['worker', start],
    ] as const) {
      const ended = await by([command], settings(url));
      expect(ended.exitCode).toBe(6);
      expect(ended.stderr).toContain('meraki-historian migrate');
    }
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
}, 60_000);

test('demo --once compares with the truth and ends with 0, with no key', async () => {
  const { url } = await createTestDatabase({ migrated: false });
  const demo = ['demo', '--once', '--rows', '3000', '--organizations', '1', '--json'];
  const { exitCode, stdout } = await start(demo, { ...HOURLY, DATABASE_URL: url });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    comparison: { deliveriesWrong: 0, bucketsWrong: 0 },
    gaps: 0,
    quarantined: 0,
  });
});

describe('signals', () => {
  test.each([['SIGTERM'], ['SIGINT']] as const)('start ends with 0 on %s', async (signal) => {
    const { url } = await createTestDatabase();
    const program = startProgram(['start'], settings(url));
    await program.says('stderr', '"working"');
    program.process.kill(signal);
    const ended = await program.ended;
    expect(ended).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`${signal}: stopping`) });
    expectPresentable(ended, [KEY, PASSWORD]);
  });

  test('a second one ends at once what cannot stop', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const connected = once(silent, 'connection');
    const program = startProgram(['start'], settings(`postgres://u:${PASSWORD}@127.0.0.1:${port}/archive`));
    const [socket] = await connected;
    socket.on('error', () => undefined);
    program.process.kill('SIGTERM');
    await program.says('stderr', 'SIGTERM: stopping');
    expect(program.process.exitCode).toBeNull();
    program.process.kill('SIGTERM');
    const ended = await program.ended;
    expect(ended.exitCode).toBe(130);
    expectPresentable(ended, [KEY, PASSWORD]);
  });
});

test('start without Meraki stays alive and says so, and works once there is one', async () => {
  const { url } = await createTestDatabase();
  const port = await freePort();
  const base = `http://127.0.0.1:${port}/api/v1`;
  const start = startProgram(['start'], { ...settings(url), MERAKI_BASE_URL: base });
  await start.says('stderr', `Meraki cannot be reached at 127.0.0.1:${port}`);
  expect(start.process.exitCode).toBeNull();
  const dashboard = startProgram(['simulator', '--port', String(port), '--rows', '100'], {});
  await dashboard.says('stdout', base);
  const told = await fetch(`http://127.0.0.1:${port}/simulator/settings`);
  expect(await told.json()).toMatchObject({ rows: 100 });
  // Its key is another than the one given, so what was patient until now ends for a person to mend it.
  const ended = await start.ended;
  expect(ended.exitCode).toBe(4);
  expectPresentable(ended, [KEY, PASSWORD]);
  dashboard.process.kill('SIGTERM');
  expect((await dashboard.ended).exitCode).toBe(0);
}, 60_000);

test('exit code 5: Meraki is unreachable', async () => {
  const ended = await unreachable;
  expect(ended.exitCode).toBe(5);
  expect(ended.stderr).toContain(`Meraki cannot be reached at 127.0.0.1:${closedPort}`);
}, 60_000);
