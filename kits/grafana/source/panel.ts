import type { FieldConfig, FieldConfigSource, Panel, ThresholdsConfig } from '@grafana/schema';
import type { Plain } from './plain.ts';

export type Fields<Custom = unknown> = Omit<Plain<FieldConfig>, 'custom'> & {
  readonly custom?: Plain<Custom>;
};
export type Override = Plain<FieldConfigSource>['overrides'][number];

/** A panel without its place on the dashboard. */
export type UnplacedPanel = Omit<Plain<Panel>, 'id' | 'gridPos'> & { readonly title: string };

export interface PanelText {
  readonly title: string;
  /** What the figure means, and where it is missing or provisional. */
  readonly description: string;
  readonly sql: string;
}

/** Chosen on the dashboard, so that the JSON also works where the data source has another uid. */
export const DATA_SOURCE = { type: 'grafana-postgresql-datasource', uid: '${datasource}' };

/** A query as Grafana's PostgreSQL source stores it. */
export function query(sql: string, format: 'time_series' | 'table', refId = 'A') {
  return { datasource: DATA_SOURCE, editorMode: 'code', format, rawQuery: true, rawSql: sql, refId };
}

/** Steps of colour: the first is the colour below all values, the others each begin at a value. */
export function thresholds(
  below: string,
  ...steps: readonly (readonly [number, string])[]
): Plain<ThresholdsConfig> {
  return {
    mode: 'absolute',
    steps: [{ color: below, value: null }, ...steps.map(([value, color]) => ({ color, value }))],
  };
}

/** Changes what `properties` say for the field of this name, or for all that match a pattern between slashes. */
export function fieldOverride(name: string, properties: Readonly<Record<string, unknown>>): Override {
  return {
    matcher: { id: name.startsWith('/') ? 'byRegexp' : 'byName', options: name },
    properties: Object.entries(properties).map(([id, value]) => ({ id, value })),
  };
}
