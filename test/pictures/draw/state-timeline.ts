import type { FieldLook, PanelFile } from '../../support/grafana/dashboard-files.ts';
import type { Frame } from '../../support/grafana/frame.ts';
import { drawTimeAxis } from './axes.ts';
import { lookOf, valueColour } from './field-look.ts';
import { formatValue } from './format-value.ts';
import type { Surroundings } from './surroundings.ts';
import { type Box, element, text, textWidth } from './svg.ts';
import { colour, THEME } from './theme.ts';

const LEGEND = 22;

/** One stripe for each series. */
export function drawStateTimeline(
  panel: PanelFile,
  frame: Frame,
  box: Box,
  { range, now }: Surroundings,
): string {
  const [time, ...fields] = frame;
  const labels = Math.max(60, ...fields.map(({ name }) => textWidth(name, 11))) + 12;
  const plot = { x: box.x + labels, y: box.y + 4, w: box.w - labels - 10, h: box.h - 28 - LEGEND };
  const axis = drawTimeAxis(plot, range);
  const moments = time?.values.map((value) => (value as Date).getTime()) ?? [];
  const height = plot.h / Math.max(1, fields.length);
  const rows = fields.map((field, index) => {
    const y = plot.y + index * height;
    const look = lookOf(panel, field.name);
    const colours = field.values.map((value) => (value === null ? undefined : valueColour(look, value)));
    const parts = colours.map((fill, row) => {
      if (fill === undefined || (row > 0 && colours[row - 1] === fill)) return '';
      const next = colours.findIndex((other, at) => at > row && other !== fill);
      const left = axis.x(moments[row] ?? 0);
      const right = next < 0 ? plot.x + plot.w : axis.x(moments[next] ?? range.to);
      return element('rect', {
        x: left,
        y: y + height * 0.075,
        width: right - left,
        height: height * 0.85,
        fill,
      });
    });
    return (
      parts.join('') +
      text(plot.x - 8, y + height / 2, field.name, { size: 11, colour: THEME.text, anchor: 'end' })
    );
  });
  return axis.svg + rows.join('') + drawLegend(panel.fieldConfig?.defaults ?? {}, box, now);
}

/** What the colours mean: states, or else ranges of values. */
function meanings(look: FieldLook, now: Date): readonly { readonly text: string; readonly color: string }[] {
  const [mapping] = look.mappings ?? [];
  if (mapping !== undefined)
    return Object.values(mapping['options'] as Readonly<Record<string, { text: string; color: string }>>);
  const steps = look.thresholds?.steps ?? [];
  return steps.map(({ value, color }, index) => {
    const bound = formatValue(value ?? steps[index + 1]?.value ?? 0, look, now);
    return { text: value === null ? `< ${bound}` : `${bound}+`, color };
  });
}

function drawLegend(look: FieldLook, box: Box, now: Date): string {
  let x = box.x + 4;
  return meanings(look, now)
    .map((state) => {
      const y = box.y + box.h - 8;
      const drawn =
        element('rect', { x, y: y - 2, width: 14, height: 4, rx: 2, fill: colour(state.color) }) +
        text(x + 20, y, state.text, { size: 11, colour: THEME.text });
      x += 40 + textWidth(state.text, 11);
      return drawn;
    })
    .join('');
}
