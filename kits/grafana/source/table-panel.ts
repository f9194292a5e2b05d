import type { FieldConfig, TableCellOptions, ThresholdsConfig, ValueMapping } from '@grafana/schema';
import type {
  FieldConfig as Column,
  Options,
} from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import {
  DATA_SOURCE,
  type Fields,
  fieldOverride,
  type PanelText,
  query,
  thresholds,
  type UnplacedPanel,
} from './panel.ts';
import type { Plain } from './plain.ts';

/** How a column looks; what is left out is as in any other column. */
export interface ColumnLook {
  readonly unit?: string;
  readonly decimals?: number;
  readonly width?: number;
  readonly min?: number;
  readonly max?: number;
  readonly cell?: Plain<TableCellOptions>;
  readonly thresholds?: Plain<ThresholdsConfig>;
  readonly mappings?: readonly Plain<ValueMapping>[];
  readonly color?: Plain<NonNullable<FieldConfig['color']>>;
  readonly link?: { readonly title: string; readonly url: string };
}

export interface TableText extends PanelText {
  readonly columns: Readonly<Record<string, ColumnLook>>;
  /** Look of all columns that `columns` does not name. */
  readonly others?: ColumnLook;
  readonly filterable?: boolean;
}

/** Rows in the order of the query. */
export function tablePanel(text: TableText): UnplacedPanel {
  const options: Plain<Options> = { cellHeight: 'sm', frameIndex: 0, showHeader: true };
  const others = text.others ?? {};
  const defaults: Fields<Column> = {
    color: others.color ?? { mode: 'thresholds' },
    ...(others.decimals === undefined ? {} : { decimals: others.decimals }),
    ...(others.min === undefined ? {} : { min: others.min }),
    mappings: [...(others.mappings ?? [])],
    noValue: '–',
    thresholds: others.thresholds ?? thresholds('text'),
    unit: others.unit ?? 'short',
    custom: {
      align: 'auto',
      cellOptions: others.cell ?? { type: 'auto' },
      filterable: text.filterable ?? false,
      inspect: false,
      ...(others.width === undefined ? {} : { width: others.width }),
    },
  };
  return {
    type: 'table',
    title: text.title,
    description: text.description,
    datasource: DATA_SOURCE,
    targets: [query(text.sql, 'table')],
    fieldConfig: {
      defaults,
      overrides: Object.entries(text.columns).map(([name, look]) => fieldOverride(name, properties(look))),
    },
    options: { ...options },
  };
}

function properties({ cell, link, width, ...look }: ColumnLook): Readonly<Record<string, unknown>> {
  return {
    ...look,
    ...(cell === undefined ? {} : { 'custom.cellOptions': cell }),
    ...(width === undefined ? {} : { 'custom.width': width }),
    ...(link === undefined ? {} : { links: [{ targetBlank: false, ...link }] }),
  };
}
