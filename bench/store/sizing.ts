/*
 * The sizing formula of docs/storage.md. Postgres lays a row out by rules that are simple and fixed: a header, columns in
 * the order of the table, each at its own alignment, the whole rounded up to 8 bytes, and 4 bytes for its pointer.
 */

/** What a column takes in a row. Texts and arrays below 127 bytes have a header of 1 byte and no alignment. */
export interface Column {
  readonly bytes: number;
  readonly align: 1 | 4 | 8;
}

export const BIGINT: Column = { bytes: 8, align: 8 };
export const INTEGER: Column = { bytes: 4, align: 4 };

export function text(length: number): Column {
  return { bytes: length + 1, align: 1 };
}

/** @param elementBytes of an array with one dimension and no nulls */
export function array(elements: number, elementBytes: number): Column {
  const bytes = 24 + elements * elementBytes;
  return bytes + 1 < 127 ? { bytes: bytes - 3, align: 1 } : { bytes, align: 4 };
}

const PAGE = 8_192;
const PAGE_HEADER = 24;
const POINTER = 4;
const TUPLE_HEADER = 23;
const INDEX_TUPLE_HEADER = 8;
const INDEX_PAGE_OVERHEAD = PAGE_HEADER + 16;
/** The layout of a table: `columns` that hold something, of `count` in all. */
export interface Layout {
  readonly columns: readonly Column[];
  /** Columns of the table, where any of a row is null; `undefined` where none is. */
  readonly nullable: number | undefined;
  readonly key: readonly Column[];
  readonly fillfactor: number;
  /** How full the leaves of the index are, from 0 to 1. */
  readonly leafFill: number;
}

export interface RowSize {
  readonly heap: number;
  readonly index: number;
}

/** Bytes a row takes, its share of each page's overhead and free room included. */
export function rowSize({ columns, nullable, key, fillfactor, leafFill }: Layout): RowSize {
  const bitmap = nullable === undefined ? 0 : Math.ceil(nullable / 8);
  const tuple = laidOut(columns, roundUp(TUPLE_HEADER + bitmap, 8)) + POINTER;
  const rows = Math.max(1, Math.floor(((PAGE - PAGE_HEADER) * fillfactor) / 100 / tuple));
  const entry = laidOut(key, INDEX_TUPLE_HEADER) + POINTER;
  const entries = ((PAGE - INDEX_PAGE_OVERHEAD) * leafFill) / entry;
  // Pages above the leaves have one entry for each leaf.
  return { heap: PAGE / rows, index: (PAGE / entries) * (1 + 1 / entries) };
}

function laidOut(columns: readonly Column[], start: number): number {
  const end = columns.reduce((offset, { bytes, align }) => roundUp(offset, align) + bytes, start);
  return roundUp(end, 8);
}

function roundUp(offset: number, align: number): number {
  return Math.ceil(offset / align) * align;
}
