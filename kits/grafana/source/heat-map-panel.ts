import type {
  FieldConfig,
  Options,
} from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import { DATA_SOURCE, type Fields, type PanelText, query, type UnplacedPanel } from './panel.ts';
import type { Plain } from './plain.ts';

/** Counts by time and by what the columns of the query are named, the lowest first. */
export function heatMapPanel(text: PanelText): UnplacedPanel {
  const options: Plain<Options> = {
    calculate: false,
    cellGap: 1,
    cellValues: { unit: 'short' },
    color: {
      exponent: 0.5,
      fill: 'blue',
      mode: 'scheme',
      reverse: false,
      scale: 'exponential',
      scheme: 'Blues',
      steps: 64,
    },
    exemplars: { color: 'rgba(255,0,255,0.7)' },
    filterValues: { le: 1e-9 },
    legend: { show: true },
    rowsFrame: { layout: 'auto', value: 'Deliveries' },
    showValue: 'never',
    tooltip: { mode: 'single', showColorScale: false, yHistogram: true },
    yAxis: { axisPlacement: 'left', reverse: false, unit: 'short' },
  };
  const defaults: Fields<FieldConfig> = {
    unit: 'short',
    custom: {
      hideFrom: { legend: false, tooltip: false, viz: false },
      scaleDistribution: { type: 'linear' },
    },
  };
  return {
    type: 'heatmap',
    title: text.title,
    description: text.description,
    datasource: DATA_SOURCE,
    targets: [query(text.sql, 'time_series')],
    fieldConfig: { defaults, overrides: [] },
    options: { ...options },
  };
}
