import type { Measurement } from '../measure/measure-archive.ts';
import { milliseconds, wholeNumber } from './archive-results.ts';

const COLUMNS = [
  { name: 'view or recipe', width: 46 },
  { name: 'fetched', width: 11 },
  { name: 'of', width: 7 },
  { name: 'range', width: 5 },
  { name: 'rows', width: 10, right: true },
  { name: 'p50 ms', width: 9, right: true },
  { name: 'p95 ms', width: 9, right: true },
  { name: 'partitions', width: 10, right: true },
  { name: 'floor', width: 13 },
] as const;

export const MEASUREMENT_HEADING: string = line(COLUMNS.map(({ name }) => name));

/** One line of the table that grows while a run goes on. */
export function measurementLine(measurement: Measurement): string {
  return line(measurementCells(measurement));
}

export function measurementCells(measurement: Measurement): readonly string[] {
  const { name, fetches, scope, range, rows, p50, p95, touched, floor, kept } = measurement;
  return [
    name,
    fetches,
    scope.split(' ')[0] ?? '',
    range,
    wholeNumber(rows),
    milliseconds(p50),
    milliseconds(p95),
    touched === null ? '' : `${touched.facts} + ${touched.rollups}`,
    floor === null ? '' : `${kept ? 'ok' : 'MISSED'} < ${floor}`,
  ];
}

export const MEASUREMENT_COLUMNS = COLUMNS;

function line(cells: readonly string[]): string {
  return cells
    .map((cell, index) => {
      const { width, right } = { right: false, width: 0, ...COLUMNS[index] };
      const short = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
      return right ? short.padStart(width) : short.padEnd(width);
    })
    .join('  ')
    .trimEnd();
}
