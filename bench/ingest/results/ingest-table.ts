import { type Figure, WAYS } from '../measure.ts';
import { type Floor, rate } from './floors.ts';

const HEADING = [
  'way',
  'rows',
  'seconds',
  'rows a second',
  'of COPY',
  'of the least',
  'client µs',
  'Postgres µs',
  'pages µs',
  'WAL bytes',
  'peak MB',
];

/** All figures of one run; the µs of CPU time and the bytes of WAL are for each row. */
export function figureRows(figures: readonly Figure[]): readonly (readonly string[])[] {
  const of = (figure: Figure, name: string) => {
    const other = figures.find((one) => one.name === name);
    return other === undefined ? '' : (rate(figure) / rate(other)).toFixed(2);
  };
  return [
    HEADING,
    ...figures.map((figure) => [
      figure.name,
      figure.rows.toLocaleString('en'),
      figure.seconds.toFixed(1),
      Math.round(rate(figure)).toLocaleString('en'),
      of(figure, WAYS.copy),
      of(figure, WAYS.least),
      each(figure.clientCpuMicroseconds, figure.rows, 1),
      each(figure.serverCpuMicroseconds, figure.rows, 1),
      figure.name === WAYS.copy ? '' : each(figure.pagesCpuMicroseconds, figure.rows, 2),
      each(figure.walBytes, figure.rows, 0),
      figure.peakBytes === null ? '' : (figure.peakBytes / 1e6).toFixed(0),
    ]),
  ];
}

export function floorRows(floors: readonly Floor[]): readonly (readonly string[])[] {
  return [
    ['floor', 'wanted', 'found', ''],
    ...floors.map(({ what, wanted, found, kept }) => [what, wanted, found, kept ? 'ok' : 'MISSED']),
  ];
}

export function markdownTable([heading = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}

/** For a terminal: the first column to the left, the others to the right. */
export function plainTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, place) => Math.max(...rows.map((row) => row[place]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, place) => (place === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[place] ?? 0)))
      .join('  ');
  return rows.map(line).join('\n');
}

function each(amount: number | null, rows: number, digits: number): string {
  return amount === null ? '' : (amount / rows).toFixed(digits);
}
