import type { Floor } from './floors.ts';
import type { StoreResults } from './measure-store.ts';

const FACTS = ['meraki_store.webhook_deliveries', 'meraki_store.api_response_counts'];

/** All of one run in Markdown. */
export function storeMarkdown(
  machine: string,
  results: readonly StoreResults[],
  floors: readonly Floor[],
): string {
  return [machine, ...results.map(archiveTables), floorTable(floors)].join('\n\n');
}

function archiveTables({ deliveries, counts, days, tables, wal, openIndexes }: StoreResults): string {
  const all = tables.reduce((sum, { heapBytes, indexBytes }) => sum + heapBytes + indexBytes, 0);
  const perRow = (bytes: number, rows: number) => (rows === 0 ? '' : (bytes / rows).toFixed(1));
  return [
    `## ${whole(deliveries)} deliveries, ${whole(counts)} counts, ${days} days`,
    '',
    markdown(
      [
        'table',
        'rows',
        'partitions',
        'MB',
        'bytes a row',
        'of them index',
        'by the formula',
        'differs',
        'of all',
      ],
      tables
        .filter(({ heapBytes, indexBytes }) => heapBytes + indexBytes > all / 1_000)
        .map(({ name, rows, partitions, heapBytes, indexBytes, prediction }) => [
          `\`${name}\``,
          whole(rows),
          partitions === 0 ? '' : String(partitions),
          whole((heapBytes + indexBytes) / 1e6),
          perRow(heapBytes + indexBytes, rows),
          perRow(indexBytes, rows),
          FACTS.includes(name) ? (openIndexes.get(name) ?? Number.NaN).toFixed(1) : '',
          prediction === undefined ? '' : (prediction.formula.heap + prediction.formula.index).toFixed(1),
          prediction === undefined ? '' : `${(100 * prediction.deviation).toFixed(1)} %`,
          `${((100 * (heapBytes + indexBytes)) / all).toFixed(1)} %`,
        ]),
    ),
    '',
    `In all ${whole(all / 1e6)} MB, ${perRow(all, deliveries)} bytes for each delivery with everything that is kept beside it.`,
    '',
    markdown(
      ['WAL', 'bytes', 'a row'],
      [
        ...[...wal.facts].map(([table, bytes]) => {
          const rows = table === 'webhook_deliveries' ? deliveries : counts;
          return [`rows of \`${table}\``, whole(bytes), perRow(bytes, rows)];
        }),
        ['first vacuum of both', whole(wal.vacuum), perRow(wal.vacuum, deliveries + counts)],
        ['rollups of both', whole(wal.rollups), perRow(wal.rollups, deliveries + counts)],
      ],
    ),
  ].join('\n');
}

function floorTable(floors: readonly Floor[]): string {
  return markdown(
    ['floor', 'measured', 'allowed', ''],
    floors.map(({ name, measured, allowed, kept }) => [
      name,
      Math.abs(measured) < 1 ? measured.toFixed(3) : measured.toFixed(1),
      allowed,
      kept ? 'kept' : 'MISSED',
    ]),
  );
}

function whole(number: number): string {
  return Math.round(number).toLocaleString('en');
}

function markdown(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}
