import type { TextRow } from '../db/snapshot.ts';

/** Writes rows in one format, as they come. */
export interface RowWriter {
  write(rows: readonly TextRow[]): Promise<void>;
  /** Writes what is left, and what has to stand at the end. */
  finish(): Promise<void>;
}
