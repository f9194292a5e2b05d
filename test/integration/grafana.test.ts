import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PanelFile, readDashboards, type TargetFile } from '../support/grafana/dashboard-files.ts';
import { DashboardSession } from '../support/grafana/dashboard-session.ts';
import { openFilledArchive } from '../support/grafana/filled-archive.ts';
import { type Frame, frameOf } from '../support/grafana/frame.ts';
import type { TestDatabase } from '../support/test-database.ts';

let owned: TestDatabase;
let reader: pg.Client;
let now: Date;

beforeAll(async () => {
  ({ owned, reader, now } = await openFilledArchive());
}, 300_000);

afterAll(() => reader?.end());

const cases = [...readDashboards()].flatMap(([name, dashboard]) =>
  ['hourly', 'daily'].map((interval) => ({ name, dashboard, interval })),
);

describe.each(cases)('$name $interval', ({ dashboard, interval }) => {
  let session: DashboardSession;

  beforeAll(async () => {
    session = await DashboardSession.open(dashboard, reader, { to: now, chosen: { interval: [interval] } });
  });

  test('each variable has options, and no two of the same name', () => {
    for (const { name, type } of dashboard.templating.list) {
      if (type !== 'query') continue;
      const texts = session.optionsOf(name).map(({ text }) => text);
      expect(texts.length, name).toBeGreaterThan(0);
      expect(new Set(texts).size, name).toBe(texts.length);
    }
  });

  test.each(dashboard.panels.filter(({ type }) => type !== 'row'))('panel $title', async (panel) => {
    for (const target of panel.targets ?? []) {
      const frame = await session.answer(target, panel);
      const figures = frame.filter(({ name }) => name !== 'time');
      expect(frame[0]?.values.length, 'rows').toBeGreaterThan(0);
      expect(figures.some(({ values }) => values.some((value) => value !== null))).toBe(true);
      expectAsShown(panel, target, frame);
    }
  });

  test.each(dashboard.annotations.list)('annotation $name', async ({ target }) => {
    const frame = await session.answer(target);
    expect(frame.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'time time',
      'timeend time',
      'text string',
      'tags string',
    ]);
  });
});

describe('with one organization and one receiver chosen', () => {
  test.each([...readDashboards()])('%s answers everywhere', async (_, dashboard) => {
    const session = await DashboardSession.open(dashboard, reader, {
      to: now,
      chosen: { organization: ['Alder Foods'], receiver: ['automation.example.org'], interval: ['daily'] },
    });
    expect(session.selection.get('organization')).toHaveLength(1);
    for (const panel of dashboard.panels) {
      for (const target of panel.targets ?? []) await session.answer(target, panel);
    }
  });
});

test('a reader of one organization finds it alone, and every panel answers', async () => {
  const role = `historian_test_${randomBytes(5).toString('hex')}`;
  const client = new pg.Client({ connectionString: owned.url });
  await client.connect();
  try {
    await client.query(`create role ${role}; grant meraki_organization_reader to ${role}`);
    await client.query(
      `insert into meraki_ingest.reader_organizations
       select $1, id from meraki.organizations where name = 'Cedar Schools'`,
      [role],
    );
    await client.query(`set role ${role}`);
    for (const [, dashboard] of readDashboards()) {
      const session = await DashboardSession.open(dashboard, client, { to: now });
      expect(session.optionsOf('organization').map(({ text }) => text)).toEqual(['Cedar Schools']);
      for (const panel of dashboard.panels) {
        for (const target of panel.targets ?? []) {
          const text = JSON.stringify(await session.answer(target, panel));
          expect(text).not.toMatch(/Alder Foods|Birch Clinics|Dune Logistics/);
        }
      }
    }
  } finally {
    await client.query(`reset role; drop role if exists ${role}`);
    await client.end();
  }
});

test('an empty choice is no error', async () => {
  for (const [, dashboard] of readDashboards()) {
    const session = await DashboardSession.open(dashboard, reader, { to: now, chosen: { organization: [] } });
    for (const panel of dashboard.panels) {
      for (const target of panel.targets ?? []) await session.answer(target, panel);
    }
  }
});

test('the alerts of docs/grafana.md answer words and one number', async () => {
  const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'grafana.md'), 'utf8');
  const alerts = [...page.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = '']) => sql);
  expect(alerts).toHaveLength(5);
  for (const sql of alerts) {
    const frame = frameOf(await reader.query<unknown[]>({ text: sql, rowMode: 'array' }));
    const types = frame.map(({ type }) => type);
    expect(
      types.filter((type) => type === 'number'),
      sql,
    ).toHaveLength(1);
    expect(
      types.every((type) => type === 'number' || type === 'string'),
      sql,
    ).toBe(true);
    const labels = (frame[0]?.values ?? []).map((_, row) =>
      frame
        .filter(({ type }) => type === 'string')
        .map(({ values }) => values[row])
        .join('|'),
    );
    expect(labels.length, sql).toBeGreaterThan(0);
    expect(new Set(labels).size, sql).toBe(labels.length);
  }
});

/** Types as the panel needs them, and columns that are there where the panel names them. */
function expectAsShown({ type, fieldConfig }: PanelFile, { format }: TargetFile, frame: Frame): void {
  if (format === 'time_series') {
    const times = frame[0]?.values.map((value) => (value as Date).getTime()) ?? [];
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(frame.slice(1).every((field) => field.type === 'number')).toBe(true);
  }
  if (type === 'stat') expect(frame.at(-1)?.type).toBe('number');
  if (type !== 'table') return;
  const types = new Map(frame.map((field) => [field.name, field.type]));
  for (const { matcher, properties } of fieldConfig?.overrides ?? []) {
    const found = types.get(matcher.options);
    expect(found, matcher.options).toBeDefined();
    const unit = properties.find(({ id }) => id === 'unit')?.value;
    if (unit === undefined) continue;
    expect(found, matcher.options).toBe(String(unit).startsWith('dateTime') ? 'time' : 'number');
  }
}
