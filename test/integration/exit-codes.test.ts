/* The exit codes of what cannot work, 2 to 6, and what is said with them. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  closedPort,
  KEY,
  PASSWORD,
  run,
  settings,
  setUpCommandLine,
  start,
} from '../support/command-line.ts';
import { type Ended, expectPresentable } from '../support/program.ts';
import { createTestDatabase } from '../support/test-database.ts';

setUpCommandLine();

let unreachable: Promise<Ended>;

beforeAll(async () => {
  const { url } = await createTestDatabase();
  // It asks six times, for about a quarter of a minute, so the other tests go on meanwhile.
  unreachable = start(['sync'], {
    ...settings(url),
    MERAKI_BASE_URL: `http://127.0.0.1:${closedPort}/api/v1`,
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

  test('a database that takes nothing', async () => {
    const { name, url, database } = await createTestDatabase();
    await database.pool.query(`alter database ${name} set default_transaction_read_only = on`);
    const examined = await run(['doctor', '--json'], settings(url));
    expect(examined.exitCode).toBe(6);
    expect(JSON.parse(examined.stdout).findings).toContainEqual(
      expect.objectContaining({ check: 'database', state: 'failed' }),
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
      expect(ended.stderr).toContain('There is no archive in the database of DATABASE_URL yet');
      expect(ended.stderr).toContain('meraki-historian migrate');
    }
  });

  test('a directory without an archive, which stays as it is', async () => {
    const place = await mkdtemp(join(tmpdir(), 'historian-no-archive-'));
    onTestFinished(() => rm(place, { recursive: true }));
    const mistyped = join(place, 'dta');
    for (const command of [['status'], ['export', 'coverage'], ['quarantine', 'list']]) {
      const ended = await run(command, { MERAKI_DASHBOARD_API_KEY: KEY, DATA_DIR: mistyped });
      expect(ended.exitCode).toBe(6);
      expect(ended.stderr).toContain(`There is no archive in the embedded Postgres in ${mistyped} yet`);
    }
    expect(await readdir(place)).toEqual([]);
  });

  test('an archive of an older version', async () => {
    const { url, database } = await createTestDatabase();
    await database.pool.query(
      'delete from meraki_ingest.migrations where name = (select max(name) from meraki_ingest.migrations)',
    );
    for (const command of ['status', 'worker']) {
      const ended = await run([command], settings(url));
      expect(ended.exitCode).toBe(6);
      expect(ended.stderr).toContain('of an older version');
    }
  });
});

test('exit code 5: Meraki is unreachable', async () => {
  const ended = await unreachable;
  expect(ended.exitCode).toBe(5);
  expect(ended.stderr).toContain(`Meraki cannot be reached at 127.0.0.1:${closedPort}`);
});
