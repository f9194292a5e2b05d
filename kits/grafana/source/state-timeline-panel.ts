import type { ThresholdsConfig, ValueMapping } from '@grafana/schema';
import type {
  FieldConfig,
  Options,
} from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import { DATA_SOURCE, type Fields, type PanelText, query, thresholds, type UnplacedPanel } from './panel.ts';
import type { Plain } from './plain.ts';

export interface StateTimelineText extends PanelText {
  /** What each number says, and its colour. */
  readonly states?: Readonly<Record<number, readonly [text: string, colour: string]>>;
  /** Colours of ranges of numbers, in place of states. */
  readonly thresholds?: Plain<ThresholdsConfig>;
  readonly unit?: string;
}

/** One stripe for each series, in the colour of the state it was in. */
export function stateTimelinePanel(text: StateTimelineText): UnplacedPanel {
  const options: Plain<Options> = {
    alignValue: 'left',
    legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
    mergeValues: true,
    rowHeight: 0.85,
    perPage: 24,
    showValue: 'never',
    tooltip: { mode: 'single', sort: 'none' },
  };
  const defaults: Fields<FieldConfig> = {
    // By thresholds Grafana would join states that lie between two of them, whatever the mappings say.
    color: text.states === undefined ? { mode: 'thresholds' } : { fixedColor: 'text', mode: 'fixed' },
    mappings: text.states === undefined ? [] : [mapping(text.states)],
    thresholds: text.thresholds ?? thresholds('text'),
    unit: text.unit ?? 'none',
    custom: { fillOpacity: 80, lineWidth: 0 },
  };
  return {
    type: 'state-timeline',
    title: text.title,
    description: text.description,
    datasource: DATA_SOURCE,
    targets: [query(text.sql, 'time_series')],
    fieldConfig: { defaults, overrides: [] },
    options: { ...options },
  };
}

function mapping(states: NonNullable<StateTimelineText['states']>): Plain<ValueMapping> {
  const options = Object.entries(states).map(([state, [text, color]], index) => [
    state,
    { color, index, text },
  ]);
  return { options: Object.fromEntries(options), type: 'value' };
}
