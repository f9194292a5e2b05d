import { chooseOrganizations } from '../choose-organizations.ts';
import type { Database } from '../db/database.ts';
import { type ReportColumn, readReportViews, readVisibleOrganizations } from '../db/report-views.ts';
import { type Snapshot, withSnapshot } from '../db/snapshot.ts';
import { readCoverageBegin, readViewRows, type TimeRange, type ViewSelection } from '../db/view-rows.ts';
import { SchemaMismatchError } from '../errors.ts';
import { type CsvOptions, openCsv } from './csv.ts';
import type { ExportFormat } from './export-format.ts';
import { openJsonLines } from './json-lines.ts';
import { openParquet } from './parquet.ts';
import { type ExportRequest, planExport } from './plan-export.ts';
import type { RowWriter } from './row-writer.ts';
import type { Sink } from './sink.ts';
import { isReadInSlices } from './time-column.ts';
import { TimeSlices } from './time-slices.ts';

export interface Exported {
  readonly rows: number;
  /** What the range applied to and rows are sorted by; null where there is none. */
  readonly timeColumn: string | null;
}

/** Finds out what is to be read, before anything is opened for writing. @throws {UsageError | SchemaMismatchError} */
export async function prepareExport(database: Database, request: ExportRequest): Promise<ViewSelection> {
  const views = await readReportViews(database.query);
  if (views.length === 0) {
    throw new SchemaMismatchError(
      'This database has no report views for this role. Run "meraki-historian start", or "meraki-historian migrate".',
    );
  }
  const selection = planExport(views, request);
  if (selection.organizations === undefined) return selection;
  const known = await readVisibleOrganizations(database.query);
  const ids = chooseOrganizations(known, request.organizations).map(({ organizationId }) => organizationId);
  return { ...selection, organizations: { ...selection.organizations, ids } };
}

/**
 * Reads a view as it was at one moment and writes it, holding no more than a batch or a row group at a time: however
 * slow `sink` is, nothing piles up.
 *
 * @throws {ReaderGoneError} when `sink` was closed; or the signal's reason
 */
export async function exportView(
  database: Database,
  selection: ViewSelection,
  options: {
    readonly range: TimeRange;
    readonly format: ExportFormat;
    readonly csv: CsvOptions;
    readonly sink: Sink;
    readonly signal: AbortSignal;
  },
): Promise<Exported> {
  const { sink, signal, range } = options;
  const writer = openWriter(options.format, selection.columns, sink, options.csv);
  return withSnapshot(database, signal, async (snapshot) => {
    let rows = 0;
    for await (const slice of slicesOf(snapshot, selection, range, () => rows)) {
      for await (const batch of readViewRows(snapshot, selection, slice)) {
        rows += batch.length;
        await writer.write(batch);
        signal.throwIfAborted();
      }
    }
    await writer.finish();
    await sink.flush();
    return { rows, timeColumn: selection.timeColumn?.name ?? null };
  });
}

async function* slicesOf(
  snapshot: Snapshot,
  { timeColumn, organizations }: ViewSelection,
  range: TimeRange,
  rowsSoFar: () => number,
): AsyncGenerator<TimeRange> {
  if (!isReadInSlices(timeColumn)) {
    yield range;
    return;
  }
  const { begin, now } = await readCoverageBegin(snapshot, organizations?.ids);
  const slices = new TimeSlices(range, begin, now);
  let before = rowsSoFar();
  for (let slice = slices.take(undefined); slice !== undefined; ) {
    yield slice;
    const rows = rowsSoFar();
    slice = slices.take(rows - before);
    before = rows;
  }
}

function openWriter(
  format: ExportFormat,
  columns: readonly ReportColumn[],
  sink: Sink,
  csv: CsvOptions,
): RowWriter {
  if (format === 'csv') return openCsv(columns, sink, csv);
  return format === 'json' ? openJsonLines(columns, sink) : openParquet(columns, sink);
}
