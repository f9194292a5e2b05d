import type { Frame } from '../../support/grafana/frame.ts';
import { drawTimeAxis } from './axes.ts';
import type { Surroundings } from './surroundings.ts';
import { type Box, element, text } from './svg.ts';
import { THEME, tint } from './theme.ts';

const LABELS = 92;

/** Counts by time and by series, the lowest at the foot. */
export function drawHeatMap(frame: Frame, box: Box, { range }: Surroundings): string {
  const [time, ...fields] = frame;
  const plot = { x: box.x + LABELS, y: box.y + 4, w: box.w - LABELS - 10, h: box.h - 28 };
  const axis = drawTimeAxis(plot, range);
  const moments = time?.values.map((value) => (value as Date).getTime()) ?? [];
  const width = Math.min(...moments.slice(1).map((moment, row) => moment - (moments[row] ?? 0)), 86_400_000);
  const height = plot.h / fields.length;
  const highest = Math.max(1, ...fields.flatMap(({ values }) => values.map((value) => Number(value ?? 0))));
  const rows = fields.map(({ name, values }, index) => {
    const y = plot.y + plot.h - (index + 1) * height;
    const cells = values.map((value, row) => {
      const left = Math.max(plot.x, axis.x(moments[row] ?? 0));
      const right = Math.min(plot.x + plot.w, axis.x((moments[row] ?? 0) + width));
      if (value === null || value === 0 || right - left < 1) return '';
      const fill = tint('light-blue', Math.sqrt(Number(value) / highest));
      return element('rect', {
        x: left + 0.5,
        y: y + 0.5,
        width: right - left - 1,
        height: height - 1,
        fill,
      });
    });
    return (
      cells.join('') +
      text(plot.x - 6, y + height / 2, name, { size: 11, colour: THEME.faint, anchor: 'end' })
    );
  });
  return axis.svg + rows.join('');
}
