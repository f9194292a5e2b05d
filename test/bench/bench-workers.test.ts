import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { buildProgram } from '../support/program.ts';
import { describeWithRedis, testRedisUrl } from '../support/test-redis.ts';

const ROOT = join(import.meta.dirname, '..', '..');

beforeAll(() => buildProgram(), 120_000);

/** Runs a benchmark to its end; a missed floor is no failure, since small runs say nothing of speed. */
async function runBench(name: string, options: readonly string[]) {
  const results = await mkdtemp(join(tmpdir(), 'historian-bench-'));
  onTestFinished(() => rm(results, { recursive: true, force: true }));
  const environment = {
    PATH: process.env['PATH'],
    BENCH_DATABASE_URL: inject('postgresAdminUrl'),
    BENCH_REDIS_URL: await testRedisUrl(),
    BENCH_RESULTS: results,
  };
  const command = [join(ROOT, 'bench', name, 'run.mjs'), ...options];
  const ended = await promisify(execFile)(process.execPath, command, { cwd: ROOT, env: environment }).catch(
    (error: { code?: number; stderr?: string }) => {
      if (error.code !== 1 || error.stderr !== '') throw error;
      return error;
    },
  );
  expect(ended.stderr).toBe('');
  return {
    table: await readFile(join(results, `${name}.md`), 'utf8'),
    json: JSON.parse(await readFile(join(results, `${name}.json`), 'utf8')) as Record<string, unknown>,
  };
}

describeWithRedis('bench:workers', () => {
  test('measures each number of workers, and small organizations beside a large one', async () => {
    const sizes = ['--workers', '1,2', '--organizations', '2', '--rows', '400'];
    const fairness = ['--large', '2000', '--small', '50', '--smalls', '3'];
    const { table, json } = await runBench('workers', [...sizes, ...fairness]);
    expect(json['runs']).toMatchObject([
      { workers: 1, organizations: 2, rows: 400 },
      { workers: 2, organizations: 2, rows: 400 },
    ]);
    expect(json['fairness']).toMatchObject({
      alone: { organizations: 3, rows: expect.any(Number) },
      beside: { organizations: 3 },
    });
    expect(table).toContain('| the same beside the large one |');
  }, 120_000);
});

describeWithRedis('bench:idle', () => {
  test('tells what keeping up costs', async () => {
    const { table, json } = await runBench('idle', ['--organizations', '2', '--seconds', '2']);
    expect(json['after']).toMatchObject({ queries: expect.any(Number), runs: expect.any(Number) });
    expect(table).toContain('| CPU seconds in all |');
    expect(table).toContain('| statements to Postgres |');
  }, 120_000);
});

describe('options', () => {
  test('that are not understood end a benchmark', async () => {
    const { workersOptions } = await import('../../bench/workers/workers-options.ts');
    const { idleOptions } = await import('../../bench/idle/idle-options.ts');
    expect(() => workersOptions(['--only', 'speed'])).toThrow(RangeError);
    expect(() => workersOptions(['--workers', '1,none'])).toThrow(RangeError);
    expect(() => idleOptions(['--queue', 'kafka'])).toThrow(RangeError);
    expect(workersOptions([]).organizations).toEqual([1, 10, 100, 1_000]);
    expect(idleOptions([])).toMatchObject({ organizations: 1_000, seconds: 900, queue: 'redis' });
  });
});
