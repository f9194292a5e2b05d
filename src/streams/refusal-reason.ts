import type { z } from 'zod';

/** A row can have a fault in each of a million parts; a few of them say enough. */
const MOST_FAULTS = 8;

/** What is wrong with a row, by field. Never a value: reasons are shown where a row's text is not. */
export function refusalReason(error: z.ZodError, whole: string): string {
  const faults = error.issues
    .slice(0, MOST_FAULTS)
    .map((issue) => `${issue.path.join('.') || whole}: ${messageOf(issue)}`);
  const more = error.issues.length - faults.length;
  return [...faults, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function messageOf({ code, message }: z.core.$ZodIssue): string {
  if (code !== 'invalid_type') return message;
  const [, expected, received] = /expected (\w+), received (\w+)/.exec(message) ?? [];
  if (expected === undefined) return message;
  return received === 'undefined' ? 'is missing' : `is ${received}, not ${expected}`;
}
