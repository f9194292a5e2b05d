import { type Options, stringify } from 'csv-stringify/sync';
import type { ColumnKind, ReportColumn } from '../db/report-views.ts';
import { guardFormula } from './formula-guard.ts';
import { isoOfPostgres } from './postgres-text.ts';
import type { RowWriter } from './row-writer.ts';
import type { Sink } from './sink.ts';

export interface CsvOptions {
  /** Texts that a spreadsheet would take for formulas are left as they are. */
  readonly unguarded: boolean;
  /** Begins with a byte order mark: without it Excel takes UTF-8 for something else. */
  readonly byteOrderMark: boolean;
}

/** Null is an empty cell and an empty text is `""`, as Postgres writes and reads it. */
const OPTIONS: Options = { quoted_match: /^$/ };

/** RFC 4180 with LF, a line of names first. */
export function openCsv(columns: readonly ReportColumn[], sink: Sink, options: CsvOptions): RowWriter {
  const text = options.unguarded ? asItIs : guardFormula;
  const encoders = columns.map(({ kind }) => (kind === 'text' || kind === 'json' ? text : ENCODERS[kind]));
  const encoded = (value: string | null, index: number): string | null =>
    value === null ? null : (encoders[index]?.(value) ?? null);
  let head = stringify([columns.map(({ name }) => name)], { ...OPTIONS, bom: options.byteOrderMark });
  return {
    async write(rows) {
      const lines = stringify(
        rows.map((row) => row.map(encoded)),
        OPTIONS,
      );
      const before = head;
      head = '';
      await sink.write(before + lines);
    },
    async finish() {
      await sink.write(head);
    },
  };
}

const asItIs = (text: string): string => text;

const ENCODERS: Readonly<Record<Exclude<ColumnKind, 'text' | 'json'>, (text: string) => string>> = {
  boolean: (text) => (text === 't' ? 'true' : 'false'),
  integer: asItIs,
  bigint: asItIs,
  double: asItIs,
  decimal: asItIs,
  timestamp: isoOfPostgres,
  date: asItIs,
};
