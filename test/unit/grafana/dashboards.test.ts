import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DASHBOARDS } from '../../../kits/grafana/source/dashboards.ts';
import {
  DASHBOARD_FOLDER,
  type DashboardFile,
  type PanelFile,
  readDashboards,
} from '../../support/grafana/dashboard-files.ts';

const SOURCE = { type: 'grafana-postgresql-datasource', uid: '${datasource}' };
const TAG = 'meraki-historian';

const files = [...readDashboards()];

/** Panels with a query, without headings. */
const panelsOf = (dashboard: DashboardFile): readonly PanelFile[] =>
  dashboard.panels.filter(({ type }) => type !== 'row');

test.each(Object.entries(DASHBOARDS))('%s.json is what its description makes', async (name, made) => {
  await expect(`${JSON.stringify(made, null, 2)}\n`).toMatchFileSnapshot(
    join(DASHBOARD_FOLDER, `${name}.json`),
  );
});

test('there is a description for each file', () => {
  expect(files.map(([name]) => name).sort()).toEqual(Object.keys(DASHBOARDS).sort());
});

describe.each(files)('%s', (name, dashboard) => {
  test('is of the classic schema, with a fixed uid and links to the others', () => {
    expect(dashboard).toMatchObject({ schemaVersion: 41, uid: `${TAG}-${name}`, tags: [TAG] });
    expect(dashboard.uid.length).toBeLessThanOrEqual(40);
    expect(dashboard.links).toMatchObject([{ type: 'dashboards', tags: [TAG], includeVars: true }]);
  });

  test('panels are numbered once and do not overlap', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x},${y}`), `below ${title}`).toBeUndefined();
          taken.set(`${x},${y}`, title);
        }
      }
    }
  });

  test('every panel has a title of its own, a description that says more, and a unit', () => {
    const titles = panelsOf(dashboard).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    for (const { title, description = '', fieldConfig } of panelsOf(dashboard)) {
      expect(description.length, title).toBeGreaterThan(60);
      expect(description, title).toMatch(/\.$/);
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
    }
  });

  test('everything asks the data source that is chosen on the dashboard', () => {
    for (const { datasource, targets = [] } of panelsOf(dashboard)) {
      expect([datasource, ...targets.map((target) => target.datasource)]).toEqual([SOURCE, SOURCE]);
    }
    for (const { datasource, target } of dashboard.annotations.list) {
      expect([datasource, target.datasource]).toEqual([SOURCE, SOURCE]);
    }
    const [first, ...others] = dashboard.templating.list;
    expect(first).toMatchObject({ name: 'datasource', type: 'datasource', query: SOURCE.type });
    for (const { type, datasource } of others) if (type === 'query') expect(datasource).toEqual(SOURCE);
  });

  test('variables are used, are chosen from lists, and are asked for in order', () => {
    const sql = [...panelsOf(dashboard).flatMap(({ targets = [] }) => targets), ...annotationsOf(dashboard)]
      .map(({ rawSql }) => rawSql)
      .join('\n');
    const names = dashboard.templating.list.map((variable) => variable.name);
    const used = new Set([...sql.matchAll(/\$\{(\w+)/g)].map((match) => match[1]));
    expect([...used].sort()).toEqual(names.filter((variable) => variable !== 'datasource').sort());
    dashboard.templating.list.forEach(({ type, query, allowCustomValue }, index) => {
      if (type !== 'datasource') expect(allowCustomValue).toBe(false);
      if (type !== 'query') return;
      for (const [, other = ''] of query.matchAll(/\$\{(\w+)/g)) {
        expect(names.slice(0, index)).toContain(other);
      }
    });
  });

  test('values of variables are quoted by format, and only the width of buckets is taken raw', () => {
    for (const sql of allSql(dashboard)) {
      for (const [, variable, format] of sql.matchAll(/\$\{(\w+)(?::(\w+))?\}/g)) {
        expect(format, sql).toBe(variable === 'interval' ? 'raw' : 'sqlstring');
      }
      expect(sql).not.toMatch(/\$(?!__|\{)\w/);
      expect(sql).not.toContain('[[');
    }
  });

  test('time columns are compared bare, so that partitions and indexes are reached', () => {
    for (const sql of allSql(dashboard)) {
      for (const [, column] of sql.matchAll(/\$__timeFilter\(([^)]*)\)/g)) {
        expect(column).toMatch(/^(\w\.)?(bucket_start|started_at|audited_at)$/);
      }
      if (sql.includes('month_start')) {
        expect(sql).toMatch(
          / h\.month_start >= \$__timeFrom\(\)::timestamptz - .* h\.month_start < \$__timeTo\(\)\n/,
        );
      }
      expect(sql).not.toMatch(/where[^\n]*(?:date_trunc|::date|at time zone)[^\n]*(?:bucket_start|sent_at)/);
    }
  });

  test('annotations are drawn behind panels that are there', () => {
    const ids = panelsOf(dashboard).map(({ id }) => id);
    for (const { filter, name: layer } of dashboard.annotations.list) {
      if (filter === undefined) continue;
      expect(filter.ids.length, layer).toBeGreaterThan(0);
      expect(ids).toEqual(expect.arrayContaining([...filter.ids]));
    }
  });

  test('missing values stay holes', () => {
    for (const { type, title, fieldConfig } of panelsOf(dashboard)) {
      if (type !== 'timeseries') continue;
      expect(fieldConfig?.defaults.custom, title).toMatchObject({ spanNulls: false, insertNulls: false });
    }
  });

  test('no secret, no host, no bad link', () => {
    const text = JSON.stringify(dashboard);
    expect(text).not.toMatch(/https?:|password|api[_-]?key/i);
    const uids = files.map(([, { uid }]) => uid);
    for (const [, uid = ''] of text.matchAll(/"\/d\/([\w-]+)/g)) expect(uids).toContain(uid);
  });
});

function annotationsOf(dashboard: DashboardFile) {
  return dashboard.annotations.list.map(({ target }) => target);
}

function allSql(dashboard: DashboardFile): readonly string[] {
  return [
    ...panelsOf(dashboard).flatMap(({ targets = [] }) => targets.map(({ rawSql }) => rawSql)),
    ...annotationsOf(dashboard).map(({ rawSql }) => rawSql),
    ...dashboard.templating.list.filter(({ type }) => type === 'query').map(({ query }) => query),
  ];
}
