import type { z } from 'zod';

/** A row can have a fault in each of a million parts; a few of them say enough. */
const MOST_FAULTS = 8;

/** What is wrong with a row, by field. Never a value: reasons are shown where a row's text is not. */
export function refusalReason(error: z.ZodError, whole: string): string {
  const faults = error.issues
    .slice(0, MOST_FAULTS)
    .map((issue) => `${issue.path.join('.') || whole}: ${issue.message}`);
  const more = error.issues.length - faults.length;
  return [...faults, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
