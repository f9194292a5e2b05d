import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.ts';
import { openArchive } from '../../src/commands/archive.ts';
import { doctor } from '../../src/commands/doctor.ts';
import { writeSetting } from '../../src/db/settings.ts';
import { rememberStream } from '../../src/db/streams.ts';
import type { SeriesDefinition } from '../../src/series-file.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { configFor } from '../support/archive-run.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const DEVICES = { name: 'devices', operationIds: ['getNetwork', 'getDevice'], userAgent: 'Inventory' };

let owned: TestDatabase;
let simulator: Simulator;
let directory: string;

beforeEach(async () => {
  owned = await emptyTestDatabase();
  simulator = await startSimulator({ organizations: 1, rows: 10 });
  onTestFinished(() => simulator.stop());
  directory = await mkdtemp(join(tmpdir(), 'historian-series-'));
  onTestFinished(() => rm(directory, { recursive: true }));
});

async function environmentWith(series: readonly SeriesDefinition[]) {
  const file = join(directory, 'series.json');
  await writeFile(file, JSON.stringify({ series }));
  return { SERIES_FILE: file };
}

async function open(...series: readonly SeriesDefinition[]): Promise<void> {
  const config = configFor(simulator, owned, await environmentWith(series));
  const archive = await openArchive({ config, log: testLog, clock: systemClock, migrations: 'expect' });
  await archive.close();
}

async function read(series: string): Promise<void> {
  const key = { organizationId: '1', stream: 'api_responses', series } as const;
  await rememberStream(owned.database, key, { wantedFrom: 0, lookbackSeconds: 1, expectedLagSeconds: 1 }, 0);
}

async function saidByDoctor({
  clock = systemClock,
  series = [],
}: {
  clock?: Clock;
  series?: readonly SeriesDefinition[];
} = {}): Promise<string> {
  const stream = new PassThrough();
  const said = text(stream);
  await doctor({
    environment: {
      MERAKI_DASHBOARD_API_KEY: simulator.key,
      MERAKI_BASE_URL: simulator.baseUrl,
      MERAKI_TRUSTED_HOSTS: '127.0.0.1',
      DATABASE_URL: owned.url,
      ...(await environmentWith(series)),
    },
    terminal: false,
    log: testLog,
    clock,
    signal: new AbortController().signal,
    output: { stream, terminal: false },
    json: false,
  }).finally(() => stream.end());
  return await said;
}

test('a series that was read is not counted by other filters from then on', async () => {
  await open(DEVICES);
  await read('devices');
  const other = { ...DEVICES, userAgent: 'Provisioning' };
  await expect(open(other)).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining('devices'),
  });
  expect(await saidByDoctor({ series: [other] })).toMatch(/failed +archive +SERIES_FILE gives other filters/);
  // Nor after a time without it.
  await open();
  await expect(open(other)).rejects.toMatchObject({ code: 'CONFIGURATION' });
  await open({ ...other, name: 'provisioning' }, { ...DEVICES, operationIds: ['getDevice', 'getNetwork'] });
});

test('filters of a series that was never read may be mended', async () => {
  await open({ ...DEVICES, userAgent: 'Inventroy' });
  await open(DEVICES);
  await read('devices');
  await open(DEVICES);
  await expect(open({ ...DEVICES, userAgent: 'Inventroy' })).rejects.toMatchObject({ code: 'CONFIGURATION' });
});

test('doctor says that the clock of Postgres is another, which views go by', async () => {
  const ahead = { ...systemClock, now: () => Date.now() + 86_400_000 };
  const behind = /warning +database clock +that of Postgres is (23 h 59 min|1 d) behind this machine's/;
  expect(await saidByDoctor({ clock: ahead })).toMatch(behind);
  expect(await saidByDoctor()).not.toContain('database clock');
});

test('an archive is filled from one dashboard, and doctor says so too', async () => {
  await writeSetting(owned.database.query, 'source', 'meraki');
  await expect(open()).rejects.toThrow('an archive of "meraki"');
  expect(await saidByDoctor()).toMatch(/failed +archive +This database holds an archive of "meraki"/);
});
