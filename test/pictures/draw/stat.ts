import type { PanelFile } from '../../support/grafana/dashboard-files.ts';
import type { Frame } from '../../support/grafana/frame.ts';
import { lookOf, valueColour } from './field-look.ts';
import { formatValue } from './format-value.ts';
import { type Box, element, path, text } from './svg.ts';
import { THEME } from './theme.ts';

/** One number, and what it is the sum of behind it. */
export function drawStat(panel: PanelFile, frame: Frame, box: Box, now: Date): string {
  const field = frame.at(-1);
  if (field === undefined) return '';
  const look = lookOf(panel, field.name);
  const isTotal = panel.options?.['graphMode'] === 'area';
  const numbers = field.values.map((value) => (typeof value === 'number' ? value : null));
  const known = numbers.filter((value) => value !== null);
  const value =
    known.length === 0 ? null : isTotal ? known.reduce((sum, one) => sum + one, 0) : (known.at(-1) ?? null);
  const colour = value === null ? THEME.faint : valueColour(look, value);
  const words = formatValue(value, look, now);
  const number = text(box.x + box.w / 2, box.y + box.h * (isTotal ? 0.38 : 0.5), words, {
    size: 34,
    colour,
    anchor: 'middle',
    bold: true,
  });
  return (isTotal ? sparkline(numbers, box, colour) : '') + number;
}

function sparkline(values: readonly (number | null)[], box: Box, colour: string): string {
  const highest = Math.max(1, ...values.map((value) => value ?? 0));
  const bottom = box.y + box.h;
  const points = values.map((value, row) =>
    value === null
      ? undefined
      : ([
          box.x + (row / Math.max(1, values.length - 1)) * box.w,
          bottom - (value / highest) * box.h * 0.4,
        ] as const),
  );
  const line = points.filter((point) => point !== undefined);
  const area = `${path(line)}L${box.x + box.w} ${bottom}L${box.x} ${bottom}Z`;
  return (
    element('path', { d: area, fill: colour, 'fill-opacity': 0.15 }) +
    element('path', { d: path(points), fill: 'none', stroke: colour })
  );
}
