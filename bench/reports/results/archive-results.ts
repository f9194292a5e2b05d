import type { Measurement } from '../measure/measure-archive.ts';
import type { TableSize } from '../table-sizes.ts';

/** A step of making an archive. */
export interface Step {
  readonly name: string;
  readonly rows: number | null;
  readonly seconds: number;
}

/** All that one run found out about one archive. */
export interface ArchiveResults {
  readonly machine: string;
  readonly contents: string;
  readonly steps: readonly Step[];
  readonly sizes: readonly TableSize[];
  readonly measurements: readonly Measurement[];
}

export function milliseconds(time: number | null): string {
  if (time === null) return 'given up';
  return time < 10 ? time.toFixed(1) : Math.round(time).toLocaleString('en');
}

export function wholeNumber(number: number): string {
  return Math.round(number).toLocaleString('en');
}

/** Names what was asked, the same for the same question about two archives. */
export function questionOf({ name, fetches, scope, range }: Measurement): string {
  return [name, fetches, scope, range].join(' | ');
}
