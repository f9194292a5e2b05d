import type { ThresholdsConfig, ValueMapping } from '@grafana/schema';
import type { Options } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import { DATA_SOURCE, type PanelText, query, thresholds, type UnplacedPanel } from './panel.ts';
import type { Plain } from './plain.ts';

export interface StatText extends PanelText {
  readonly unit: string;
  /** `total`: values over time are added up and drawn behind the sum. By default the query answers one number. */
  readonly shown?: 'total';
  readonly thresholds?: Plain<ThresholdsConfig>;
  readonly decimals?: number;
  readonly colour?: string;
  readonly mappings?: Plain<ValueMapping>[];
}

/** One number. */
export function statPanel(text: StatText): UnplacedPanel {
  const isTotal = text.shown === 'total';
  const options: Plain<Options> = {
    colorMode: 'value',
    graphMode: isTotal ? 'area' : 'none',
    justifyMode: 'auto',
    orientation: 'auto',
    percentChangeColorMode: 'standard',
    reduceOptions: { calcs: [isTotal ? 'sum' : 'lastNotNull'], fields: '', values: false },
    showPercentChange: false,
    textMode: 'value',
    wideLayout: true,
  };
  return {
    type: 'stat',
    title: text.title,
    description: text.description,
    datasource: DATA_SOURCE,
    targets: [query(text.sql, isTotal ? 'time_series' : 'table')],
    fieldConfig: {
      defaults: {
        color:
          text.thresholds === undefined
            ? { fixedColor: text.colour ?? 'blue', mode: 'fixed' }
            : { mode: 'thresholds' },
        ...(text.decimals === undefined ? {} : { decimals: text.decimals }),
        mappings: text.mappings ?? [],
        noValue: '–',
        thresholds: text.thresholds ?? thresholds('blue'),
        unit: text.unit,
      },
      overrides: [],
    },
    options: { ...options },
  };
}
