import { z } from 'zod';
import { parseMoment } from '../moment.ts';

/** A time in a plan: ISO 8601 or milliseconds since the epoch; read as milliseconds. */
export const planTime = z.union([z.number(), z.string()]).transform((given, context) => {
  if (typeof given === 'number') return given;
  const moment = parseMoment(given);
  if (moment !== undefined) return moment / 1_000;
  context.addIssue({ code: 'custom', message: 'must be an ISO 8601 time or milliseconds' });
  return z.NEVER;
});
