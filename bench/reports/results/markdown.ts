import { type ArchiveResults, milliseconds, questionOf, wholeNumber } from './archive-results.ts';
import { MEASUREMENT_COLUMNS, measurementCells } from './measurement-line.ts';

/** Everything about one archive. */
export function archiveMarkdown({ contents, steps, sizes, measurements }: ArchiveResults): string {
  return [
    contents,
    '',
    table(
      ['step', 'rows', 'seconds', 'rows a second'],
      steps.map(({ name, rows, seconds }) => [
        name,
        rows === null ? '' : wholeNumber(rows),
        seconds.toFixed(1),
        rows === null ? '' : wholeNumber(rows / seconds),
      ]),
    ),
    '',
    table(
      ['table', 'rows', 'partitions', 'MB', 'of them indexes'],
      sizes.map(({ name, rows, partitions, bytes, indexBytes }) => [
        `\`${name}\``,
        wholeNumber(rows),
        partitions === 0 ? '' : String(partitions),
        wholeNumber(bytes / 1e6),
        wholeNumber(indexBytes / 1e6),
      ]),
    ),
    '',
    table(
      MEASUREMENT_COLUMNS.map(({ name }) => name),
      measurements.map(measurementCells),
    ),
    '',
  ].join('\n');
}

/** The same questions about two archives, side by side; but for a year, which the shorter one does not have. */
export function comparisonMarkdown(small: ArchiveResults, large: ArchiveResults): string {
  const before = new Map(small.measurements.map((measurement) => [questionOf(measurement), measurement]));
  const rows = large.measurements.flatMap((measurement) => {
    const other = before.get(questionOf(measurement));
    if (measurement.range === 'year' || other === undefined) return [];
    if (other.p50 === null || measurement.p50 === null) return [];
    const [name = '', fetched = '', of = '', range = ''] = measurementCells(measurement);
    return [
      [
        name,
        fetched,
        of,
        range,
        wholeNumber(other.rows),
        wholeNumber(measurement.rows),
        milliseconds(other.p50),
        milliseconds(measurement.p50),
        (measurement.p50 / other.p50).toFixed(1),
      ],
    ];
  });
  return table(
    [
      'view or recipe',
      'fetched',
      'of',
      'range',
      'rows, small',
      'rows, large',
      'p50 small',
      'p50 large',
      'times',
    ],
    rows,
  );
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}
