import type { ColumnKind, ReportColumn } from '../db/report-views.ts';
import { isoOfPostgres } from './postgres-text.ts';
import type { RowWriter } from './row-writer.ts';
import type { Sink } from './sink.ts';

/**
 * Newline-delimited JSON: one object a line, all columns in each. Numbers have all their digits, also beyond 2^53,
 * where a reader has to take care; what is JSON in the database is JSON here.
 */
export function openJsonLines(columns: readonly ReportColumn[], sink: Sink): RowWriter {
  const names = columns.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const encoders = columns.map(({ kind }) => ENCODERS[kind]);
  return {
    async write(rows) {
      let lines = '';
      for (const row of rows) {
        for (let i = 0; i < row.length; i++) {
          const value = row[i];
          lines += names[i];
          lines += value === null || value === undefined ? 'null' : encoders[i]?.(value);
        }
        lines += '}\n';
      }
      await sink.write(lines);
    },
    async finish() {},
  };
}

const quoted = (text: string): string => JSON.stringify(text);
const asItIs = (text: string): string => text;
/** As Postgres does: JSON has no number for them. */
const number = (text: string): string => (/^(?:NaN|-?Infinity)$/.test(text) ? `"${text}"` : text);

const ENCODERS: Readonly<Record<ColumnKind, (text: string) => string>> = {
  text: quoted,
  boolean: (text) => (text === 't' ? 'true' : 'false'),
  integer: asItIs,
  bigint: asItIs,
  double: number,
  decimal: number,
  timestamp: (text) => `"${isoOfPostgres(text)}"`,
  date: (text) => `"${text}"`,
  json: (text) => text.replaceAll('\n', ' '),
};
