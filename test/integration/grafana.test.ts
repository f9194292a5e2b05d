import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type DashboardFile,
  type PanelFile,
  readDashboards,
  type TargetFile,
} from '../support/grafana/dashboard-files.ts';
import { DashboardSession } from '../support/grafana/dashboard-session.ts';
import type { TimeRange } from '../support/grafana/expand-macros.ts';
import { openFilledArchive } from '../support/grafana/filled-archive.ts';
import { type Frame, frameOf } from '../support/grafana/frame.ts';
import type { TestDatabase } from '../support/test-database.ts';

/** Organizations whose days and months begin before, or after, those of UTC; the others are of UTC. */
const TIME_ZONES = { 'Alder Foods': 'Europe/Vienna', 'Birch Clinics': 'America/Los_Angeles' } as const;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let owned: TestDatabase;
let reader: pg.Client;
let now: Date;

beforeAll(async () => {
  ({ owned, reader, now } = await openFilledArchive({}, TIME_ZONES));
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

describe.each(Object.entries(TIME_ZONES))('%s, in %s', (organization, timeZone) => {
  const open = (dashboard: DashboardFile, range: TimeRange) =>
    DashboardSession.open(dashboard, reader, {
      to: range.to,
      range,
      chosen: { organization: [organization], interval: ['daily'] },
    });

  test.each([...readDashboards()])('%s has rows for days in the middle of a month', async (_, dashboard) => {
    const session = await open(dashboard, sixDaysFrom(10, 10));
    for (const panel of dashboard.panels) {
      for (const target of panel.targets ?? []) {
        const frame = await session.answer(target, panel);
        // Runs, incidents and audits need not have been in these days.
        if (!/bucket_start\)|month_start/.test(target.rawSql)) continue;
        expect(frame[0]?.values.length, panel.title).toBeGreaterThan(0);
      }
    }
  });

  test.each([
    { begins: 'in mid-month', from: () => sixDaysFrom(10, 10) },
    { begins: 'with the month of UTC', from: () => sixDaysFrom(1, 0) },
    { begins: 'just before the month of UTC ends', from: () => sixDaysFrom(1, -0.5) },
  ])('months are those that a range touches which begins $begins', async ({ from }) => {
    const range = from();
    const months = [...new Set([range.from, range.to].map((moment) => localMonth(moment, timeZone)))];
    let panels = 0;
    for (const [name, dashboard] of readDashboards()) {
      const session = await open(dashboard, range);
      for (const panel of dashboard.panels) {
        const [target] = panel.targets ?? [];
        if (target?.rawSql.includes('month_start') !== true) continue;
        panels += 1;
        const frame = await session.answer(target, panel);
        if (panel.title === 'Busiest hours') {
          const hours = frame.find((field) => field.name === 'Hour')?.values ?? [];
          const found = new Set(hours.map((hour) => localMonth(hour as Date, timeZone)));
          expect(hours).toHaveLength(24);
          expect(months).toEqual(expect.arrayContaining([...found]));
          continue;
        }
        const figure = name === 'api-usage' ? 'requests' : 'deliveries';
        const view = name === 'api-usage' ? 'meraki.api_heat_map' : 'meraki.webhook_heat_map';
        const { rows } = await reader.query<{ mean: number | null }>(
          `select sum(${figure}) filter (where hour_of_day = 12)
             / nullif(sum(covered_hours) filter (where hour_of_day = 12), 0)::double precision as mean
           from ${view} h join meraki.organizations o on o.id = h.organization_id
           where o.name = $1 and to_char(month_start at time zone $2, 'YYYY-MM') = any ($3)
             and coalesce(to_jsonb(h) ->> 'series', 'all') = 'all'
           group by iso_weekday order by iso_weekday`,
          [organization, timeZone, months],
        );
        expect(rows.length, panel.title).toBeGreaterThan(5);
        const noons = frame.find((field) => field.name === '12')?.values;
        expect(noons, panel.title).toEqual(rows.map(({ mean }) => mean && expect.closeTo(mean, 6)));
      }
    }
    expect(panels).toBe(3);
  });

  test('by day, ranges one after the other from midnight of UTC have each day once', async () => {
    const last = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
    const bounds = [21, 14, 7, 0].map((days) => new Date(last - days * DAY_MS));
    const wanted = localMidnights(bounds[0] as Date, bounds.at(-1) as Date, timeZone);
    expect(wanted).toHaveLength(21);
    let panels = 0;
    for (const [, dashboard] of readDashboards()) {
      for (const panel of dashboard.panels) {
        const [target] = panel.targets ?? [];
        if (target?.format !== 'time_series' || !/_totals_|_responses_|_receivers_/.test(target.rawSql))
          continue;
        panels += 1;
        const days: number[] = [];
        for (const [index, from] of bounds.slice(0, -1).entries()) {
          const session = await open(dashboard, { from, to: bounds[index + 1] as Date });
          const [time] = await session.answer(target, panel);
          for (const value of time?.values ?? []) days.push((value as Date).getTime());
        }
        expect(days, panel.title).toEqual(wanted);
      }
    }
    expect(panels).toBeGreaterThan(8);
  });
});

/**
 * Six days of the archive from a day of a month of UTC on, and hours after that day began, the newest such; the archive
 * holds some days before them.
 */
function sixDaysFrom(day: number, hours: number): TimeRange {
  for (let back = 0; ; back += 1) {
    const at = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, day) + hours * HOUR_MS;
    if (at + 6 * DAY_MS <= now.getTime()) return { from: new Date(at), to: new Date(at + 6 * DAY_MS) };
  }
}

function localMonth(moment: Date, timeZone: string): string {
  return moment.toLocaleDateString('sv', { timeZone }).slice(0, 7);
}

/** When the days of a time zone begin, from `from` to `to`. */
function localMidnights(from: Date, to: Date, timeZone: string): readonly number[] {
  const midnights: number[] = [];
  for (let at = from.getTime(); at <= to.getTime(); at += HOUR_MS) {
    if (new Date(at).toLocaleTimeString('sv', { timeZone }).startsWith('00:00')) midnights.push(at);
  }
  return midnights;
}

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
