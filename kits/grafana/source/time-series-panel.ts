import type {
  FieldConfig,
  Options,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
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

export interface TimeSeriesText extends PanelText {
  readonly unit: string;
  readonly drawn: 'lines' | 'stacked bars';
  /** Colours of series by name. */
  readonly colours?: Readonly<Record<string, string>>;
  /** Names of series that are only there to be compared with, or a pattern between slashes. */
  readonly dashed?: readonly string[];
  /** Values with a dashed line across the panel, and its colour. */
  readonly marks?: readonly (readonly [number, string])[];
  /** Where the axis begins: 0 unless said, and where values begin if null. */
  readonly min?: number | null;
  readonly max?: number;
  /** Reaches at least so far up, and farther where values do. */
  readonly softMax?: number;
  readonly decimals?: number;
  readonly axis?: string;
  /** Figures of each series beside its name. Series stand in a table, by the first of these. */
  readonly calcs?: readonly Calc[];
  /** Whether the table begins with the smallest. */
  readonly smallestFirst?: boolean;
  /** Where names of series stand; those of stacked bars at the right are a table too. */
  readonly legendAt?: 'bottom' | 'right';
  /** The least width of `$__interval`. */
  readonly interval?: string;
}

const CALC_NAMES = { lastNotNull: 'Last *', max: 'Max', mean: 'Mean', min: 'Min', sum: 'Total' } as const;
type Calc = keyof typeof CALC_NAMES;

/** Values over time. A missing value is a hole, never a straight line across it. */
export function timeSeriesPanel(text: TimeSeriesText): UnplacedPanel {
  const { colours = {}, dashed = [] } = text;
  const options: Plain<Options> = {
    legend: legend(text),
    tooltip: { hideZeros: true, mode: 'multi', sort: 'desc' },
  };
  return {
    type: 'timeseries',
    title: text.title,
    description: text.description,
    datasource: DATA_SOURCE,
    ...(text.interval === undefined ? {} : { interval: text.interval }),
    targets: [query(text.sql, 'time_series')],
    fieldConfig: {
      defaults: fields(text),
      overrides: [
        ...Object.entries(colours).map(([name, fixedColor]) =>
          fieldOverride(name, { color: { fixedColor, mode: 'fixed' } }),
        ),
        ...dashed.map((name) =>
          fieldOverride(name, {
            'custom.lineStyle': { dash: [6, 6], fill: 'dash' },
            'custom.fillOpacity': 0,
          }),
        ),
      ],
    },
    options: { ...options },
  };
}

function legend({
  calcs = [],
  drawn,
  legendAt = 'bottom',
  smallestFirst = false,
}: TimeSeriesText): Plain<Options>['legend'] {
  const common = { calcs: [...calcs], placement: legendAt, showLegend: true } as const;
  const [first] = calcs;
  if (first === undefined || (drawn === 'stacked bars' && legendAt === 'bottom'))
    return { ...common, displayMode: 'list' };
  return { ...common, displayMode: 'table', sortBy: CALC_NAMES[first], sortDesc: !smallestFirst };
}

function fields({
  axis,
  decimals,
  drawn,
  marks = [],
  max,
  min,
  softMax,
  unit,
}: TimeSeriesText): Fields<FieldConfig> {
  const isBars = drawn === 'stacked bars';
  return {
    color: { mode: 'palette-classic' },
    ...(decimals === undefined ? {} : { decimals }),
    ...(max === undefined ? {} : { max }),
    ...(min === null ? {} : { min: min ?? 0 }),
    thresholds: thresholds('transparent', ...marks),
    unit,
    custom: {
      axisLabel: axis ?? '',
      ...(softMax === undefined ? {} : { axisSoftMax: softMax }),
      axisPlacement: 'auto',
      barWidthFactor: 0.9,
      drawStyle: isBars ? 'bars' : 'line',
      fillOpacity: isBars ? 80 : 8,
      insertNulls: false,
      lineInterpolation: 'linear',
      lineWidth: isBars ? 0 : 1,
      pointSize: 4,
      showPoints: isBars ? 'never' : 'auto',
      spanNulls: false,
      stacking: { group: 'A', mode: isBars ? 'normal' : 'none' },
      thresholdsStyle: { mode: marks.length > 0 ? 'dashed' : 'off' },
    },
  };
}
