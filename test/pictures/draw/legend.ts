import type { PanelFile } from '../../support/grafana/dashboard-files.ts';
import type { Field } from '../../support/grafana/frame.ts';
import { lookOf } from './field-look.ts';
import { formatValue } from './format-value.ts';
import { type Box, element, text, textWidth } from './svg.ts';
import { THEME } from './theme.ts';

const ROW = 18;
const CALC_WIDTH = 76;
const RIGHT = 290;
const CALC_NAMES: Readonly<Record<string, string>> = {
  lastNotNull: 'Last *',
  max: 'Max',
  mean: 'Mean',
  min: 'Min',
  sum: 'Total',
};

export interface Entry {
  readonly field: Field;
  readonly colour: string;
}

interface LegendOptions {
  readonly displayMode: 'table' | 'list';
  readonly placement: 'bottom' | 'right';
  readonly calcs: readonly string[];
  readonly sortBy?: string;
  readonly sortDesc?: boolean;
}

/** Draws a legend at the foot of `box`, or at its right, and says what is left of the box. */
export function drawLegend(
  panel: PanelFile,
  entries: readonly Entry[],
  box: Box,
  now: Date,
): readonly [svg: string, rest: Box] {
  const options = panel.options?.['legend'] as LegendOptions;
  if (options.placement === 'right') {
    const at = { ...box, x: box.x + box.w - RIGHT, w: RIGHT };
    return [drawTable(panel, sorted(entries, options), options, at, now), { ...box, w: box.w - RIGHT - 12 }];
  }
  const most = Math.max(1, Math.floor((box.h * 0.35) / ROW) - 1);
  if (options.displayMode === 'list') {
    return [drawList(panel, entries, options, box, now), { ...box, h: box.h - ROW - 4 }];
  }
  const rows = sorted(entries, options).slice(0, most);
  const h = (rows.length + 1) * ROW;
  const at = { ...box, y: box.y + box.h - h, h };
  return [drawTable(panel, rows, options, at, now), { ...box, h: box.h - h - 4 }];
}

function drawTable(
  panel: PanelFile,
  rows: readonly Entry[],
  { calcs }: LegendOptions,
  box: Box,
  now: Date,
): string {
  const head = calcs.map((calc, index) =>
    text(columnEnd(box, calcs.length, index), box.y + ROW / 2, CALC_NAMES[calc] ?? calc, {
      size: 11,
      colour: '#6e9fff',
      anchor: 'end',
    }),
  );
  const body = rows.flatMap(({ field, colour }, row) => {
    const y = box.y + (row + 1.5) * ROW;
    const look = lookOf(panel, field.name);
    const figures = calcs.map((calc, index) =>
      text(columnEnd(box, calcs.length, index), y, formatValue(calculated(field, calc), look, now), {
        size: 11,
        colour: THEME.text,
        anchor: 'end',
      }),
    );
    const within = box.w - calcs.length * CALC_WIDTH - 30;
    return [
      marker(box.x + 4, y, colour),
      text(box.x + 24, y, field.name, { size: 11, colour: THEME.text, within }),
      ...figures,
    ];
  });
  return [...head, ...body].join('');
}

function drawList(
  panel: PanelFile,
  entries: readonly Entry[],
  { calcs }: LegendOptions,
  box: Box,
  now: Date,
): string {
  let x = box.x + 4;
  const y = box.y + box.h - ROW / 2;
  return entries
    .map(({ field, colour }) => {
      const look = lookOf(panel, field.name);
      const figures = calcs.map(
        (calc) => `${CALC_NAMES[calc]}: ${formatValue(calculated(field, calc), look, now)}`,
      );
      const words = [field.name, ...figures].join('  ');
      const drawn = marker(x, y, colour) + text(x + 20, y, words, { size: 11, colour: THEME.text });
      x += 40 + textWidth(words, 11);
      return drawn;
    })
    .join('');
}

function sorted(entries: readonly Entry[], { calcs, sortBy, sortDesc }: LegendOptions): readonly Entry[] {
  const calc = calcs.find((one) => CALC_NAMES[one] === sortBy);
  if (calc === undefined) return entries;
  const key = ({ field }: Entry): number => calculated(field, calc) ?? Number.NEGATIVE_INFINITY;
  return [...entries].sort((a, b) => (sortDesc === true ? key(b) - key(a) : key(a) - key(b)));
}

const marker = (x: number, y: number, fill: string): string =>
  element('rect', { x, y: y - 2, width: 14, height: 4, rx: 2, fill });

const columnEnd = (box: Box, columns: number, index: number): number =>
  box.x + box.w - 4 - (columns - 1 - index) * CALC_WIDTH;

function calculated({ values }: Field, calc: string): number | null {
  const numbers = values.filter((value): value is number => typeof value === 'number');
  if (numbers.length === 0) return null;
  const sum = numbers.reduce((total, value) => total + value, 0);
  if (calc === 'sum') return sum;
  if (calc === 'mean') return sum / numbers.length;
  if (calc === 'min') return Math.min(...numbers);
  if (calc === 'max') return Math.max(...numbers);
  return numbers.at(-1) ?? null;
}
