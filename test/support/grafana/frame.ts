import pg from 'pg';

export type FieldType = 'time' | 'number' | 'string' | 'boolean';
export type Value = number | string | boolean | Date | null;

/** One column of an answer. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly values: readonly Value[];
}

/** Columns of the same length. */
export type Frame = readonly Field[];

const TYPES: Readonly<Record<number, FieldType>> = {
  [pg.types.builtins.BOOL]: 'boolean',
  [pg.types.builtins.INT2]: 'number',
  [pg.types.builtins.INT4]: 'number',
  [pg.types.builtins.INT8]: 'number',
  [pg.types.builtins.FLOAT4]: 'number',
  [pg.types.builtins.FLOAT8]: 'number',
  [pg.types.builtins.NUMERIC]: 'number',
  [pg.types.builtins.DATE]: 'time',
  [pg.types.builtins.TIMESTAMP]: 'time',
  [pg.types.builtins.TIMESTAMPTZ]: 'time',
};

/** An answer of Postgres as Grafana's PostgreSQL source reads it: types it does not know are text. */
export function frameOf(result: pg.QueryArrayResult<unknown[]>): Frame {
  return result.fields.map(({ name, dataTypeID }, index) => {
    const type = TYPES[dataTypeID] ?? 'string';
    return { name, type, values: result.rows.map((row) => readAs(row[index], type)) };
  });
}

function readAs(given: unknown, type: FieldType): Value {
  if (given === null || given === undefined) return null;
  if (type === 'number') return Number(given);
  if (type === 'boolean') return given === true;
  if (type === 'time') return given instanceof Date ? given : new Date(String(given));
  return String(given);
}

/**
 * A frame asked for as time series: a field `time`, and one field for each series. Where the answer has columns of
 * text, every combination of their values becomes a series, in the order of the names.
 *
 * @throws Error where Grafana answers with an error, or would keep one of several values of a moment
 */
export function toTimeSeries(frame: Frame): Frame {
  const time = frame.find(({ name }) => name === 'time');
  if (time === undefined) throw new Error('db has no time column');
  const moments = time.values.map(momentOf);
  const labels = frame.filter(
    (field) => field !== time && (field.type === 'string' || field.type === 'boolean'),
  );
  const figures = frame.filter((field) => field !== time && !labels.includes(field));
  for (const { name, type } of figures) if (type !== 'number') throw new Error(`"${name}" is no number`);
  if (moments.some((moment, row) => row > 0 && moment < (moments[row - 1] ?? 0))) {
    throw new Error('long series must be sorted ascending by time to be converted');
  }
  const times = [...new Set(moments)];
  const rowOf = new Map(times.map((moment, row) => [moment, row]));
  const series = new Map<string, Value[]>();
  moments.forEach((moment, row) => {
    for (const figure of figures) {
      const name = seriesName(figure, labels, row, frame.length);
      const values = series.get(name) ?? new Array<Value>(times.length);
      const at = rowOf.get(moment) ?? 0;
      if (at in values) throw new Error(`"${name}" has two values at ${new Date(moment).toISOString()}`);
      values[at] = figure.values[row] ?? null;
      series.set(name, values);
    }
  });
  const names = labels.length === 0 ? [...series.keys()] : [...series.keys()].sort();
  return [
    { name: 'time', type: 'time', values: times.map((moment) => new Date(moment)) },
    ...names.map((name): Field => {
      const values = Array.from(series.get(name) ?? [], (value) => value ?? null);
      return { name, type: 'number', values };
    }),
  ];
}

/** A series is called what its column `metric` says, where that is the only one beside time and figure. */
function seriesName(figure: Field, labels: readonly Field[], row: number, columns: number): string {
  const [label] = labels;
  if (label === undefined) return figure.name;
  if (columns === 3 && label.name === 'metric') return String(label.values[row] ?? '');
  const pairs = labels.map(({ name, values }) => `${name}="${values[row] ?? ''}"`);
  return `${figure.name} {${pairs.join(', ')}}`;
}

/** Seconds since 1970 count as a moment too. */
function momentOf(value: Value): number {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'number' && value >= 1e9 && value < 1e10) return value * 1000;
  throw new Error(`${value} is no moment`);
}
