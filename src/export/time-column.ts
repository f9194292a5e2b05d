import type { ReportColumn, ReportView } from '../db/report-views.ts';

/** The first of these that a view has says when its rows are: when they happened, or when their stretch begins. */
const PREFERRED = [
  'sent_at',
  'bucket_start',
  'covered_from',
  'gap_from',
  'lost_from',
  'audited_at',
  'started_at',
  'since',
  'valid_from',
  'month_start',
  'hour_start',
  'date',
];
/** Where that would be empty in some rows. */
const OTHERWISE: Readonly<Record<string, string>> = {
  quarantine: 'first_seen_at',
  schema_drift: 'first_seen_at',
};

/** The column that `--from` and `--to` apply to; `undefined` where rows have no time of their own, as in dimensions. */
export function timeColumnOf({ name, columns }: ReportView): ReportColumn | undefined {
  const otherwise = OTHERWISE[name];
  const names = otherwise === undefined ? PREFERRED : [otherwise];
  return names
    .map((wanted) => columns.find((column) => column.name === wanted))
    .find((column) => column?.kind === 'timestamp' || column?.kind === 'date');
}

/**
 * Whether a view is so large that it is read slice by slice: one row for each moment or bucket. In these a range of
 * time costs what it holds, so that many small ones cost as much as a large one.
 */
export function isReadInSlices(timeColumn: ReportColumn | undefined): boolean {
  return timeColumn?.name === 'sent_at' || timeColumn?.name === 'bucket_start';
}
