import { Writable } from 'node:stream';
import type { ExportFormat } from '../../src/export/export-format.ts';
import { type Exported, exportView, prepareExport } from '../../src/export/export-view.ts';
import type { ExportRequest } from '../../src/export/plan-export.ts';
import { streamSink } from '../../src/export/sink.ts';
import { type Instant, parseInstant } from '../../src/instant.ts';
import type { TestDatabase } from './test-database.ts';

export const WITHOUT_GUARD = { unguarded: true, byteOrderMark: false };
const PLAIN = { unguarded: false, byteOrderMark: false };

export const NEVER = { from: undefined, to: undefined };

export const at = (text: string): Instant => parseInstant(text) ?? Number.NaN;

export async function exportOf(
  { database }: TestDatabase,
  view: string,
  format: ExportFormat,
  { csv = PLAIN, ...asked }: Partial<ExportRequest> & { csv?: typeof PLAIN } = {},
  whileReading: () => Promise<void> = async () => undefined,
): Promise<Exported & { readonly bytes: Buffer }> {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _encoding, taken) => {
      chunks.push(chunk);
      whileReading().then(() => taken(), taken);
    },
  });
  const request = {
    view,
    columns: undefined,
    range: NEVER,
    organizations: [],
    ...asked,
  };
  const { signal } = new AbortController();
  const selection = await prepareExport(database, request);
  const sink = streamSink(stream, signal);
  const exported = await exportView(database, selection, { range: request.range, format, csv, sink, signal });
  return { ...exported, bytes: Buffer.concat(chunks) };
}

export const without = (rows: readonly object[], names: readonly string[]): unknown[] =>
  rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name))));
