export const EXPORT_FORMATS = ['csv', 'parquet', 'json'] as const;
/** `json` is one object a line. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];
