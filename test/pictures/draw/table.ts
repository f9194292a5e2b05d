import type { FieldLook, PanelFile } from '../../support/grafana/dashboard-files.ts';
import type { Field, Frame, Value } from '../../support/grafana/frame.ts';
import { lookOf, mappingOf, valueColour } from './field-look.ts';
import { formatValue } from './format-value.ts';
import { type Box, element, text } from './svg.ts';
import { THEME, tint } from './theme.ts';

const ROW = 26;

interface Column {
  readonly field: Field;
  readonly look: FieldLook;
  readonly box: Box;
}

/** Rows, with the cells of each column as it says. */
export function drawTable(panel: PanelFile, frame: Frame, box: Box, now: Date): string {
  const columns = layOut(panel, frame, box);
  const rows = Math.min(frame[0]?.values.length ?? 0, Math.floor((box.h - ROW) / ROW));
  const heads = columns.map(({ field, box: { x, w } }) => {
    const isRight = field.type === 'number';
    return text(isRight ? x + w - 8 : x + 8, box.y + ROW / 2, field.name, {
      colour: '#6e9fff',
      anchor: isRight ? 'end' : 'start',
      within: w - 10,
    });
  });
  const cells = columns.flatMap((column) =>
    Array.from({ length: rows }, (_, row) =>
      drawCell(frame, column, column.field.values[row] ?? null, box.y + (row + 1) * ROW, now),
    ),
  );
  const lines = Array.from({ length: rows + 1 }, (_, row) =>
    element('line', {
      x1: box.x,
      x2: box.x + box.w,
      y1: box.y + (row + 1) * ROW,
      y2: box.y + (row + 1) * ROW,
      stroke: THEME.border,
    }),
  );
  return [...cells, ...lines, ...heads].join('');
}

/** Columns without a width share what is left, as in Grafana; too many are cut off at the right. */
function layOut(panel: PanelFile, frame: Frame, box: Box): readonly Column[] {
  const looks = frame.map((field) => lookOf(panel, field.name));
  const given = looks.map(({ custom }) => custom?.['width'] as number | undefined);
  const free = box.w - given.reduce<number>((sum, width) => sum + (width ?? 0), 0);
  const open = given.filter((width) => width === undefined).length;
  const scale = open === 0 && free > 0 ? box.w / (box.w - free) : 1;
  let x = box.x;
  return frame.flatMap((field, index) => {
    const w = (given[index] ?? Math.max(70, free / open)) * scale;
    const column = {
      field,
      look: looks[index] ?? {},
      box: { x, y: box.y, w: Math.min(w, box.x + box.w - x), h: ROW },
    };
    x += w;
    return column.box.w < 20 ? [] : [column];
  });
}

function drawCell(
  frame: Frame,
  { field, look, box: { x, w } }: Column,
  value: Value,
  y: number,
  now: Date,
): string {
  const { type } = (look.custom?.['cellOptions'] ?? {}) as { readonly type?: string };
  const words = formatValue(value, look, now);
  const isRight = field.type === 'number';
  const write = (colour: string): string =>
    text(isRight ? x + w - 8 : x + 8, y + ROW / 2, words, {
      colour,
      anchor: isRight ? 'end' : 'start',
      within: w - 12,
    });
  if (value === null)
    return write(mappingOf(look, null)?.color === undefined ? THEME.faint : valueColour(look, null));
  if (type === 'color-background')
    return drawTinted(frame, look, value, { x, y, w, h: ROW }) + write('#ffffff');
  if (type === 'gauge' && typeof value === 'number')
    return drawGauge(look, value, { x, y, w, h: ROW }, words);
  return write(type === 'color-text' ? valueColour(look, value) : THEME.text);
}

function drawTinted(frame: Frame, look: FieldLook, value: Value, { x, y, w, h }: Box): string {
  const [, hue] = /^continuous-(\w+)s$/.exec(look.color?.mode ?? '') ?? [];
  // Of all columns, since none has a maximum of its own.
  const highest = Math.max(
    ...frame.flatMap(({ values }) => values.map((one) => (typeof one === 'number' ? one : 0))),
    1e-9,
  );
  const fill = hue === undefined ? valueColour(look, value) : tint(hue, Number(value) / highest);
  return fill === THEME.text
    ? ''
    : element('rect', { x: x + 1, y: y + 1, width: w - 2, height: h - 2, fill });
}

function drawGauge(look: FieldLook, value: number, { x, y, w, h }: Box, words: string): string {
  const room = w - 70;
  const share = Math.min(1, Math.max(0, value / (look.max ?? 1)));
  const fill = valueColour(look, value);
  return (
    element('rect', { x: x + 8, y: y + 6, width: Math.max(0, room), height: h - 12, fill: THEME.grid }) +
    element('rect', { x: x + 8, y: y + 6, width: Math.max(0, room * share), height: h - 12, fill }) +
    text(x + w - 8, y + h / 2, words, { colour: fill, anchor: 'end' })
  );
}
