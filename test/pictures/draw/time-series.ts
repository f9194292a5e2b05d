import type { FieldLook, PanelFile } from '../../support/grafana/dashboard-files.ts';
import type { Field, Frame } from '../../support/grafana/frame.ts';
import { type Axes, drawAxes } from './axes.ts';
import { lookOf } from './field-look.ts';
import { drawLegend, type Entry } from './legend.ts';
import type { Surroundings } from './surroundings.ts';
import { type Box, element, path } from './svg.ts';
import { colour, paletteColour } from './theme.ts';

/** Lines or stacked bars over time, before the stretches that annotations mark. */
export function drawTimeSeries(panel: PanelFile, frame: Frame, box: Box, surroundings: Surroundings): string {
  const { range, now } = surroundings;
  const [time, ...fields] = frame;
  const moments = time?.values.map((value) => (value as Date).getTime()) ?? [];
  const look = panel.fieldConfig?.defaults ?? {};
  const isStacked = look.custom?.['drawStyle'] === 'bars';
  const entries = fields.map(
    (field, index): Entry => ({ field, colour: seriesColour(lookOf(panel, field.name), index) }),
  );
  const shown = entries.filter(
    ({ field }) => !isStacked || field.values.some((value) => value !== null && value !== 0),
  );
  const [legend, plotBox] = drawLegend(panel, shown, box, now);
  const axes = drawAxes(plotBox, range, extent(fields, look, isStacked, moments.length), look, now);
  const series = isStacked
    ? bars(shown, moments, axes)
    : shown.map((entry) => line(panel, entry, moments, axes)).join('');
  return (
    axes.svg +
    surroundings.stretches(panel.id, axes) +
    marks(look, axes) +
    clipped(series, axes.plot) +
    legend
  );
}

function seriesColour(look: FieldLook, index: number): string {
  return look.color?.mode === 'fixed' ? colour(look.color.fixedColor ?? 'text') : paletteColour(index);
}

function extent(
  fields: readonly Field[],
  look: FieldLook,
  isStacked: boolean,
  rows: number,
): readonly [number, number] {
  const numbers = fields.flatMap(({ values }) =>
    values.filter((value): value is number => typeof value === 'number'),
  );
  const tops = isStacked
    ? Array.from({ length: rows }, (_, row) =>
        fields.reduce((sum, { values }) => sum + Number(values[row] ?? 0), 0),
      )
    : numbers;
  const highest = Math.max(Number(look.custom?.['axisSoftMax'] ?? 0), ...tops, 0);
  const low = look.min ?? Math.min(0, ...numbers);
  return [low, look.max ?? (highest > low ? highest : low + 1)];
}

function bars(entries: readonly Entry[], moments: readonly number[], { x, y }: Axes): string {
  const width = Math.min(...moments.slice(1).map((moment, row) => moment - (moments[row] ?? 0)), 86_400_000);
  return moments
    .map((moment, row) => {
      let below = 0;
      return entries
        .map(({ field, colour: fill }) => {
          const value = Number(field.values[row] ?? 0);
          const from = y(below);
          below += value;
          const left = x(moment);
          const size = { width: Math.max(0.8, (x(moment + width) - left) * 0.9), height: from - y(below) };
          return value === 0
            ? ''
            : element('rect', { x: left, y: y(below), ...size, fill, 'fill-opacity': 0.85 });
        })
        .join('');
    })
    .join('');
}

function line(
  panel: PanelFile,
  { field, colour: stroke }: Entry,
  moments: readonly number[],
  { x, y }: Axes,
): string {
  const dash = (lookOf(panel, field.name).custom?.['lineStyle'] as { dash?: readonly number[] } | undefined)
    ?.dash;
  const points = field.values.map((value, row) =>
    typeof value === 'number' ? ([x(moments[row] ?? 0), y(value)] as const) : undefined,
  );
  // A value between two holes would not be seen otherwise.
  const alone = points.filter(
    (point, row) => point !== undefined && points[row - 1] === undefined && points[row + 1] === undefined,
  );
  const dots = alone.map((point) =>
    element('circle', { cx: point?.[0] ?? 0, cy: point?.[1] ?? 0, r: 2, fill: stroke }),
  );
  return (
    element('path', {
      d: path(points),
      fill: 'none',
      stroke,
      'stroke-width': 1.2,
      'stroke-dasharray': dash?.join(' '),
    }) + dots.join('')
  );
}

function marks({ thresholds, custom }: FieldLook, { plot, y }: Axes): string {
  if ((custom?.['thresholdsStyle'] as { mode?: string } | undefined)?.mode !== 'dashed') return '';
  return (thresholds?.steps ?? [])
    .filter(({ value }) => value !== null && y(value) >= plot.y && y(value) <= plot.y + plot.h)
    .map(({ value, color }) =>
      element('line', {
        x1: plot.x,
        x2: plot.x + plot.w,
        y1: y(value ?? 0),
        y2: y(value ?? 0),
        stroke: colour(color),
        'stroke-dasharray': '8 6',
        'stroke-opacity': 0.8,
      }),
    )
    .join('');
}

let clips = 0;

/** Nothing is drawn outside of the plot. */
export function clipped(svg: string, { x, y, w, h }: Box): string {
  clips += 1;
  const id = `clip${clips}`;
  const shape = element('clipPath', { id }, element('rect', { x, y: y - 1, width: w, height: h + 2 }));
  return shape + element('g', { 'clip-path': `url(#${id})` }, svg);
}
