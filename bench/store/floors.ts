import type { StoreResults } from './measure-store.ts';
import { type RowSize, rowSize } from './sizing.ts';
import { TABLE_LAYOUTS } from './table-layouts.ts';

/** Bytes of a delivery with all indexes, for an organization with a short id. */
export const MOST_BYTES_PER_DELIVERY = 175;
/** How far a table may be from the sizing formula. */
export const MARGIN = 0.1;
/** Smaller tables are all rounding: a partition has a page at least, and its index two. */
const LARGE_ENOUGH = 20_000;

const SHORT_ID = 6;

export interface Floor {
  readonly name: string;
  readonly measured: number;
  readonly allowed: string;
  readonly kept: boolean;
}

/** The floors of one archive. Months with few rows are rounded up to whole pages, so small archives miss them. */
export function floorsOf({ deliveries, tables }: StoreResults): readonly Floor[] {
  const facts = tables.find(({ name }) => name === 'meraki_store.webhook_deliveries');
  const bytes = facts === undefined ? Number.NaN : (facts.heapBytes + facts.indexBytes) / facts.rows;
  const long = bytesOfLongIds(facts?.prediction?.formula);
  const predicted = tables.flatMap(({ name, rows, prediction }) => {
    if (prediction === undefined || rows < LARGE_ENOUGH) return [];
    const { deviation } = prediction;
    return [
      {
        name: `${deliveries} deliveries: ${name} differs from the formula by`,
        measured: deviation,
        allowed: `${-MARGIN} to ${MARGIN}`,
        kept: Math.abs(deviation) <= MARGIN,
      },
    ];
  });
  return [
    {
      name: `${deliveries} deliveries: bytes of each, less ${long.toFixed(1)} for long ids`,
      measured: bytes - long,
      allowed: `at most ${MOST_BYTES_PER_DELIVERY}`,
      kept: bytes - long <= MOST_BYTES_PER_DELIVERY,
    },
    ...predicted,
  ];
}

/** What a delivery takes more by the formula, on average, than if all organizations had short ids. */
function bytesOfLongIds(formula: RowSize | undefined): number {
  const layout = TABLE_LAYOUTS['webhook_deliveries'];
  if (formula === undefined || layout === undefined) return 0;
  const short = rowSize(layout({ organizationId: SHORT_ID, series: 0, latencyBuckets: 0 }));
  return formula.heap + formula.index - short.heap - short.index;
}
