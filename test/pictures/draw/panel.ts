import type { PanelFile } from '../../support/grafana/dashboard-files.ts';
import type { Frame } from '../../support/grafana/frame.ts';
import { drawHeatMap } from './heat-map.ts';
import { drawStat } from './stat.ts';
import { drawStateTimeline } from './state-timeline.ts';
import type { Surroundings } from './surroundings.ts';
import { type Box, element, text } from './svg.ts';
import { drawTable } from './table.ts';
import { THEME } from './theme.ts';
import { drawTimeSeries } from './time-series.ts';

/** A panel with its frame and title. */
export function drawPanel(panel: PanelFile, frame: Frame, box: Box, surroundings: Surroundings): string {
  const { x, y, w, h } = box;
  const outline = element('rect', {
    x,
    y,
    width: w,
    height: h,
    rx: 3,
    fill: THEME.panel,
    stroke: THEME.border,
  });
  const title = text(x + 12, y + 17, panel.title, {
    size: 13.5,
    colour: THEME.text,
    bold: true,
    within: w - 24,
  });
  const inside = { x: x + 8, y: y + 34, w: w - 16, h: h - 42 };
  const isEmpty = (frame[0]?.values.length ?? 0) === 0;
  if (!isEmpty) return outline + title + drawContents(panel, frame, inside, surroundings);
  const nothing = text(x + w / 2, y + h / 2, 'No data', { size: 14, colour: THEME.faint, anchor: 'middle' });
  return outline + title + nothing;
}

function drawContents(panel: PanelFile, frame: Frame, box: Box, surroundings: Surroundings): string {
  switch (panel.type) {
    case 'timeseries':
      return drawTimeSeries(panel, frame, box, surroundings);
    case 'stat':
      return drawStat(panel, frame, box, surroundings.now);
    case 'table':
      return drawTable(panel, frame, box, surroundings.now);
    case 'heatmap':
      return drawHeatMap(frame, box, surroundings);
    case 'state-timeline':
      return drawStateTimeline(panel, frame, box, surroundings);
    default:
      throw new Error(`panels of type ${panel.type} are not drawn`);
  }
}
