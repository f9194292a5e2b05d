import { type ScaleLinear, type ScaleTime, scaleLinear, scaleUtc } from 'd3-scale';
import type { FieldLook } from '../../support/grafana/dashboard-files.ts';
import type { TimeRange } from '../../support/grafana/expand-macros.ts';
import { formatValue } from './format-value.ts';
import { type Box, element, text, textWidth } from './svg.ts';
import { THEME } from './theme.ts';

export interface Axes {
  readonly svg: string;
  readonly plot: Box;
  readonly x: ScaleTime<number, number>;
  readonly y: ScaleLinear<number, number>;
}

/** Draws both axes with their grid within `box`. */
export function drawAxes(
  box: Box,
  range: TimeRange,
  [low, high]: readonly [number, number],
  look: FieldLook,
  now: Date,
): Axes {
  const y = scaleLinear([low, high], [box.y + box.h - 22, box.y + 6]);
  if (look.max === undefined) y.nice(5);
  const ticks = y.ticks(5);
  const { decimals: _, ...rest } = look;
  const decimals = tickDecimals(ticks, look.unit);
  const axisLook = { ...rest, mappings: [], ...(decimals === undefined ? {} : { decimals }) };
  const label = (value: number): string => formatValue(value, axisLook, now);
  const left = Math.max(28, ...ticks.map((tick) => textWidth(label(tick), 11))) + 10;
  const plot = { x: box.x + left, y: box.y + 6, w: box.w - left - 8, h: box.h - 28 };
  const horizontal = ticks.map(
    (tick) =>
      element('line', { x1: plot.x, x2: plot.x + plot.w, y1: y(tick), y2: y(tick), stroke: THEME.grid }) +
      text(plot.x - 6, y(tick), label(tick), { size: 11, colour: THEME.faint, anchor: 'end' }),
  );
  const time = drawTimeAxis(plot, range);
  return { svg: horizontal.join('') + time.svg, plot, x: time.x, y };
}

/** Draws the axis of time below `plot`, in UTC. */
export function drawTimeAxis(plot: Box, { from, to }: TimeRange): Pick<Axes, 'svg' | 'x'> {
  const x = scaleUtc([from, to], [plot.x, plot.x + plot.w]);
  const ticks = x.ticks(Math.max(2, Math.floor(plot.w / 90)));
  const isWithinDays = ticks.some((tick) => tick.getUTCHours() !== 0 || tick.getUTCMinutes() !== 0);
  const svg = ticks.map((tick) => {
    const iso = tick.toISOString();
    const words = isWithinDays ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : iso.slice(5, 10);
    const isShown = x(tick) - plot.x > 18 && plot.x + plot.w - x(tick) > 18;
    return (
      element('line', { x1: x(tick), x2: x(tick), y1: plot.y, y2: plot.y + plot.h, stroke: THEME.grid }) +
      (isShown
        ? text(x(tick), plot.y + plot.h + 13, words, { size: 11, colour: THEME.faint, anchor: 'middle' })
        : '')
    );
  });
  return { svg: svg.join(''), x };
}

function tickDecimals(ticks: readonly number[], unit: string | undefined): number | undefined {
  if (unit !== 'percentunit') return undefined;
  const step = Math.abs((ticks[1] ?? 1) - (ticks[0] ?? 0)) * 100;
  return step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
}
