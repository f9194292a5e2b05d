import { UnrecoverableError } from 'bullmq';
import { HistorianError } from '../errors.ts';

/**
 * Turns an error's `retry` into what BullMQ understands: `later` is thrown and tried again with backoff, `never`
 * ends the job, `superseded` is no failure at all. The only place that does.
 *
 * @returns when the job has nothing left to do
 */
export function endJobWith(error: unknown): void {
  if (!(error instanceof HistorianError)) throw error;
  if (error.retry === 'superseded') return;
  if (error.retry === 'never') throw new UnrecoverableError(`${error.code}: ${error.message}`);
  throw new Error(`${error.code}: ${error.message}`);
}
