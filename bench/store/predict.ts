import type { MeasuredShapes, MeasuredTable } from './measure-sizes.ts';
import { type RowSize, rowSize } from './sizing.ts';
import { TABLE_LAYOUTS } from './table-layouts.ts';

/** How a table's size compares with the formula's. */
export interface Prediction {
  readonly measured: RowSize;
  readonly formula: RowSize;
  /** Measured less formula, as a share of the formula. */
  readonly deviation: number;
}

/** Compares a table's bytes per row with the formula; `undefined` for a table that the formula leaves out. */
export function predict(table: MeasuredTable, shapes: MeasuredShapes): Prediction | undefined {
  const name = table.name.replace(/^meraki_store\./, '');
  const layout = TABLE_LAYOUTS[name];
  const lengths = shapes.lengths.get(name) ?? [];
  if (layout === undefined || lengths.length === 0) return undefined;
  const formula = { heap: 0, index: 0 };
  for (const { length, share } of lengths) {
    const size = rowSize(
      layout({ organizationId: length, series: shapes.series, latencyBuckets: shapes.latencyBuckets }),
    );
    formula.heap += share * size.heap;
    formula.index += share * size.index;
  }
  const measured = { heap: table.heapBytes / table.rows, index: table.indexBytes / table.rows };
  const deviation = (measured.heap + measured.index) / (formula.heap + formula.index) - 1;
  return { measured, formula, deviation };
}
