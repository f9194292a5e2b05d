import { extname } from 'node:path';
import type { Writable } from 'node:stream';
import type { Database } from '../db/database.ts';
import { UsageError } from '../errors.ts';
import type { CsvOptions } from '../export/csv.ts';
import type { ExportFormat } from '../export/export-format.ts';
import { type Exported, exportView, prepareExport } from '../export/export-view.ts';
import type { ExportRequest } from '../export/plan-export.ts';
import { ReaderGoneError, streamSink } from '../export/sink.ts';
import { writeWholeFile } from './export-file.ts';
import { openArchivedDatabase } from './open-archive.ts';
import { formatNumber, say } from './output.ts';
import type { Prepared } from './surroundings.ts';

export interface ExportOptions extends Prepared {
  readonly request: ExportRequest;
  /** `undefined`: as the name of the file ends, else CSV. */
  readonly format: ExportFormat | undefined;
  readonly csv: CsvOptions;
  /** `undefined`: standard output. */
  readonly file: string | undefined;
}

/** One connection reads, the other one can cancel. */
const CONNECTIONS = 2;

/** Writes a report view to a file or to standard output. A reader of the output that stops early is no failure. */
export async function exportReport(options: ExportOptions): Promise<number> {
  const { config, log, output, file } = options;
  const format = options.format ?? formatOf(file);
  if (format === 'parquet' && file === undefined && output.terminal) {
    throw new UsageError('Parquet is not for a terminal: give --output FILE, or send it elsewhere.');
  }
  const opened = await openArchivedDatabase(config, log, CONNECTIONS);
  try {
    if (file === undefined) {
      await exportTo(opened.database, output.stream as Writable, format, options);
      return 0;
    }
    const { rows, timeColumn } = await exportTo(opened.database, file, format, options);
    const order = timeColumn === null ? '' : `, by ${timeColumn}`;
    say(output, `${formatNumber(rows)} rows of ${options.request.view}${order}, in ${file}`);
    return 0;
  } catch (error) {
    if (error instanceof ReaderGoneError) return 0;
    throw error;
  } finally {
    await opened.close();
  }
}

async function exportTo(
  database: Database,
  target: Writable | string,
  format: ExportFormat,
  { request, csv, signal }: ExportOptions,
): Promise<Exported> {
  const selection = await prepareExport(database, request);
  const write = (stream: Writable): Promise<Exported> => {
    const sink = streamSink(stream, signal);
    return exportView(database, selection, { range: request.range, format, csv, sink, signal });
  };
  return typeof target === 'string' ? writeWholeFile(target, write) : write(target);
}

function formatOf(file: string | undefined): ExportFormat {
  const ending = extname(file ?? '').toLowerCase();
  if (ending === '.parquet') return 'parquet';
  return ['.json', '.jsonl', '.ndjson'].includes(ending) ? 'json' : 'csv';
}
