import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ColumnKind, ReportColumn } from '../db/report-views.ts';
import { dayOfPostgres, instantOfPostgres } from './postgres-text.ts';
import type { RowWriter } from './row-writer.ts';
import type { Sink } from './sink.ts';

/** A row group is held in memory until it is written, so it ends with whichever comes first. */
const ROWS_OF_A_GROUP = 20_000;
const CHARACTERS_OF_A_GROUP = 8_000_000;

type Value = string | number | bigint | boolean | null;

/** Row groups are written as they fill; what stands at the end of the file is kept: about 1 kB for each of their columns. */
export function openParquet(columns: readonly ReportColumn[], sink: Sink): RowWriter {
  const bytes = new ByteWriter();
  const schema = [{ name: 'root', num_children: columns.length }, ...columns.map(elementOf)];
  const parquet = new ParquetWriter({ writer: bytes, schema, createdBy: 'meraki-historian' });
  const decoders = columns.map(({ kind }) => DECODERS[kind]);
  let group: Value[][] = columns.map(() => []);
  let characters = 0;

  const passOn = async (): Promise<void> => {
    const chunk = bytes.getBytes().slice();
    bytes.index = 0;
    await sink.write(chunk);
  };
  const endGroup = async (): Promise<void> => {
    const columnData = columns.map(({ name }, index) => ({ name, data: group[index] ?? [] }));
    await parquet.write({ columnData, rowGroupSize: ROWS_OF_A_GROUP });
    group = columns.map(() => []);
    characters = 0;
    await passOn();
  };

  return {
    async write(rows) {
      for (const row of rows) {
        for (let i = 0; i < row.length; i++) {
          const value = row[i] ?? null;
          characters += value?.length ?? 0;
          group[i]?.push(value === null ? null : (decoders[i]?.(value) ?? null));
        }
        if ((group[0]?.length ?? 0) >= ROWS_OF_A_GROUP || characters >= CHARACTERS_OF_A_GROUP)
          await endGroup();
      }
    },
    async finish() {
      if ((group[0]?.length ?? 0) > 0) await endGroup();
      await parquet.finish();
      await passOn();
    },
  };
}

const asItIs = (text: string): string => text;

const DECODERS: Readonly<Record<ColumnKind, (text: string) => Value>> = {
  text: asItIs,
  boolean: (text) => text === 't',
  integer: Number,
  bigint: BigInt,
  double: Number,
  decimal: asItIs,
  timestamp: (text) => BigInt(instantOfPostgres(text)),
  date: dayOfPostgres,
  json: asItIs,
};

/** Everything may be null: the columns of a view never say that they cannot. */
function elementOf({ name, kind }: ReportColumn): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', ...TYPES[kind] };
}

const TEXT: Partial<SchemaElement> = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
};

const TYPES: Readonly<Record<ColumnKind, Partial<SchemaElement>>> = {
  text: TEXT,
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT32' },
  bigint: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  decimal: TEXT,
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  date: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
  json: TEXT,
};
