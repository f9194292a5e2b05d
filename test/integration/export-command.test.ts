import { execFile } from 'node:child_process';
import { lstat, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EXPORT_FORMATS, type ExportFormat } from '../../src/export/export-format.ts';
import { until } from '../support/archive-run.ts';
import { parquetRows } from '../support/exported-rows.ts';
import {
  buildProgram,
  type Ended,
  endPrograms,
  expectPresentable,
  startProgram,
} from '../support/program.ts';
import { runHere } from '../support/run-here.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const ROWS = 120_000;
/** Held as rows these would take half as much again, and end the program. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=64' };

let large: TestDatabase;
let directory: string;

beforeAll(async () => {
  await buildProgram();
  large = await createTestDatabase();
  await large.database.pool.query(`
    create table meraki_store.webhook_deliveries_2026_01 partition of meraki_store.webhook_deliveries
      for values from ('2026-01-01Z') to ('2026-02-01Z');
    insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
      alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at)
    select '1', at, n, 0, 1, 1, 1, at, 200, n % 1000, at
    from generate_series(0, ${ROWS - 1}) n
    cross join lateral (select timestamptz '2026-01-01Z' + n * interval '13.000001 seconds' as at) times;
    insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
      values ('1', 'One', '2026-01-01Z', '2026-01-01Z');
    insert into meraki_ingest.coverage (organization_id, stream, series, interval_seconds, final, updated_at)
      values ('1', 'webhook_logs', 'all', 0, '{[2026-01-01Z,2026-01-19Z)}', now());
    analyze meraki_store.webhook_deliveries`);
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'historian-export-'));
  return () => rm(directory, { recursive: true, force: true });
});

afterAll(() => endPrograms());

const settings = () => ({ DATABASE_URL: large.url, DATA_DIR: directory });

/** In a process of its own. */
async function start(...commandLine: readonly string[]): Promise<Ended> {
  const ended = await startProgram(['export', ...commandLine], settings()).ended;
  expectPresentable(ended, []);
  return ended;
}

async function run(...commandLine: readonly string[]): Promise<Ended> {
  const ended = await runHere(['export', ...commandLine], settings());
  expectPresentable(ended, []);
  return ended;
}

describe('a view that is larger than the memory', () => {
  test.each(EXPORT_FORMATS)('comes out whole as %s', async (format) => {
    const file = join(directory, `deliveries.${format}`);
    const commandLine = ['export', 'webhook_deliveries', '--output', file];
    const ended = await startProgram(commandLine, { ...settings(), ...SMALL_HEAP }).ended;
    expect(ended).toEqual({
      exitCode: 0,
      stdout: `120,000 rows of webhook_deliveries, by sent_at, in ${file}\n`,
      stderr: '',
    });
    const said = await READ[format](await readFile(file));
    const stored = await large.database.pool.query<{ said: string }>(
      `select to_char(sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ' ' || response_duration_ms as said
       from meraki_store.webhook_deliveries order by sent_at`,
    );
    expect(said.length).toBe(ROWS);
    expect(said).toEqual(stored.rows.map((row) => row.said));
    expect(await readdir(directory)).toEqual([`deliveries.${format}`]);
  });

  test('ends quietly when the reader of a pipe has enough', async () => {
    const program = startProgram(['export', 'webhook_deliveries'], settings());
    await program.says('stdout', '\n');
    program.process.stdout?.destroy();
    const { exitCode, stderr } = await program.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });
});

describe('a file', () => {
  test('that was there stays as it was until the new one is whole', async () => {
    const file = join(directory, 'a.csv');
    await writeFile(file, 'before');
    const locker = await large.database.pool.connect();
    try {
      await locker.query('begin; lock table meraki_store.response_codes in access exclusive mode');
      const program = startProgram(['export', 'response_codes', '--output', file], settings());
      await until(async () => (await waitingForLock()) === 1);
      expect(await readdir(directory)).toEqual([expect.stringMatching(/^\.a\.csv\..*\.partial$/), 'a.csv']);
      program.process.kill('SIGINT');
      expect((await program.ended).exitCode).toBe(130);
      expect(await waitingForLock()).toBe(0);
    } finally {
      await locker.query('rollback');
      locker.release();
    }
    expect(await readFile(file, 'utf8')).toBe('before');
    expect(await readdir(directory)).toEqual(['a.csv']);
    expect((await run('response_codes', '--output', file)).exitCode).toBe(0);
    expect(await readFile(file, 'utf8')).toMatch(/^id,name,/);
  });

  test('that is there stays as closed to others as it was', async () => {
    const file = join(directory, 'private.csv');
    await writeFile(file, 'before', { mode: 0o600 });
    expect((await run('response_codes', '--output', file)).exitCode).toBe(0);
    expect((await lstat(file)).mode & 0o777).toBe(0o600);
  });

  test('that a link names is written, and the link stays', async () => {
    await writeFile(join(directory, 'real.csv'), 'before');
    await symlink('real.csv', join(directory, 'link.csv'));
    expect((await run('response_codes', '--output', join(directory, 'link.csv'))).exitCode).toBe(0);
    expect(await readlink(join(directory, 'link.csv'))).toBe('real.csv');
    expect(await readFile(join(directory, 'real.csv'), 'utf8')).toMatch(/^id,name,/);
  });

  test('that is a pipe is written to and not replaced', async () => {
    const pipe = join(directory, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const reading = readFile(pipe, 'utf8');
    expect((await start('response_codes', '--output', pipe)).exitCode).toBe(0);
    expect(await reading).toMatch(/^id,name,/);
    expect((await lstat(pipe)).isFIFO()).toBe(true);
  });

  test.each([
    ['a.json', '{"id":'],
    ['a.NDJSON', '{"id":'],
    ['a.parquet', 'PAR1'],
    ['a.txt', 'id,'],
  ])('%s has the format of its name', async (name, beginning) => {
    const file = join(directory, name);
    expect((await run('response_codes', '--output', file)).exitCode).toBe(0);
    expect((await readFile(file, 'latin1')).slice(0, beginning.length)).toBe(beginning);
  });

  test.each([
    ['missing/a.csv', 1, 'missing/a.csv cannot be written: ENOENT'],
    ['.', 2, 'is a directory'],
  ])('%s is refused in plain words', async (name, exitCode, message) => {
    const ended = await start('response_codes', '--output', join(directory, name));
    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toContain(message);
  });
});

describe('what cannot be exported is refused with the reason', () => {
  test.each([
    [['deliveries'], 'There is no view "deliveries"', '  webhook_deliveries  (by sent_at)'],
    [['networks', '--from', '2026-01-01'], 'Rows of view networks have no time of their own'],
    [['gaps', '--from', 'yesterday'], 'It must be a time such as 2026-11-22'],
    [['gaps', '--to', '2026-02-30'], 'It must be a time such as 2026-11-22'],
    [['gaps', '--from', '2026-02-01', '--to', '2026-01-01'], '--from must lie before --to'],
    [['gaps', '--columns', 'a,,b'], 'It must be names separated by commas'],
    [['gaps', '--columns', 'gap_from,nope'], 'View gaps has no column nope', 'gap_to'],
    [['gaps', '--organization', 'nope'], 'No organization has the id or the name nope'],
    [['dates', '--organization', '1'], 'do not belong to an organization'],
    [['gaps', '--format', 'xlsx'], 'Allowed choices are csv, parquet, json'],
    [[], "missing required argument 'view'"],
  ])('%j', async (commandLine, ...messages) => {
    const ended = await run(...commandLine);
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    for (const message of messages) expect(ended.stderr).toContain(message);
  });

  test('a database without an archive', async () => {
    const { url } = await createTestDatabase({ migrated: false });
    const ended = await startProgram(['export', 'gaps'], { DATA_DIR: directory, DATABASE_URL: url }).ended;
    expect(ended).toMatchObject({ exitCode: 6, stdout: '' });
    expect(ended.stderr).toContain('meraki-historian migrate');
  });
});

test('a range of days has the first and not the last', async () => {
  const ended = await start(
    ...['webhook_deliveries', '--from', '2026-01-02', '--to', '2026-01-03'],
    ...['--columns', 'sent_at', '--organization', '1', '--format', 'csv'],
  );
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  const days = new Set(ended.stdout.split('\n').map((line) => line.slice(0, 10)));
  expect([...days]).toEqual(['sent_at', '2026-01-02', '']);
});

/** Time and duration of each row. */
const READ: Readonly<Record<ExportFormat, (bytes: Buffer) => Promise<readonly string[]>>> = {
  parquet: async (bytes) =>
    (await parquetRows(bytes)).map(
      ({ sent_at, response_duration_ms }) => `${sent_at} ${response_duration_ms}`,
    ),
  json: async (bytes) =>
    linesOf(bytes).map((line) => {
      const { sent_at, response_duration_ms } = JSON.parse(line) as Record<string, unknown>;
      return `${sent_at} ${response_duration_ms}`;
    }),
  // Nothing in these rows is quoted, and a parser of CSV would take most of a minute.
  csv: async (bytes) => {
    const [names, ...rows] = linesOf(bytes).map((line) => line.split(','));
    const [time, duration] = ['sent_at', 'response_duration_ms'].map((name) => names?.indexOf(name) ?? -1);
    return rows.map((cells) => `${cells[time ?? -1]} ${cells[duration ?? -1]}`);
  },
};

function linesOf(bytes: Buffer): readonly string[] {
  return bytes.toString().trimEnd().split('\n');
}

async function waitingForLock(): Promise<number> {
  const found = await large.database.pool.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return found.rows.length;
}
