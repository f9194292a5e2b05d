import { HistorianError, PagingError, UnreachableError, WindowRefusedError } from '../errors.ts';
import { type Ranges, subtract, union } from '../ranges.ts';
import { boundReading } from './bound-reading.ts';
import type { OpenWindow } from './open-window.ts';
import type { PlannedAudit } from './plan-audit.ts';
import type { Content, Reading, Stream } from './stream.ts';
import type { StreamMemory } from './stream-memory.ts';

/** What a window of final time holds at the source. */
export interface ReadAgain {
  readonly readings: readonly Reading[];
  /** The part of the window that was read whole: all of it, unless requests ran out or an answer failed. */
  readonly read: Ranges;
  readonly contents: readonly Content[];
  /** That were sent, also those that failed. */
  readonly requests: number;
  /** Why the reading ended early, if it did. */
  readonly endedBy: string | null;
}

/**
 * Reads a window without a checkpoint and without storing anything.
 *
 * @param requests how many requests may be sent, but for those that have to be repeated
 * @throws what concerns more than this window, such as a refused key
 */
export async function readAgain(
  stream: Stream,
  memory: StreamMemory,
  planned: PlannedAudit,
  requests: number,
  signal: AbortSignal,
): Promise<ReadAgain> {
  const { intervalSeconds } = planned;
  const readings: Reading[] = [];
  let read: Ranges = [];
  let endedBy: string | null = null;
  const before = stream.effort().requests;
  const spent = () => stream.effort().requests - before;
  let window: OpenWindow | null = stream.open(planned, memory.learned);
  const tokens = new Set<string>();
  while (window !== null && endedBy === null) {
    if (spent() >= requests) {
      endedBy = 'the request budget was used up';
      break;
    }
    const page: Reading | string = await readPage(stream, memory, window, signal, intervalSeconds);
    if (typeof page === 'string') {
      endedBy = page;
      break;
    }
    readings.push(page);
    for (const claim of page.claims.filter((one) => one.intervalSeconds === intervalSeconds)) {
      read = union(subtract(read, claim.retracted ?? []), claim.final);
    }
    if (page.anew) endedBy = 'the answer came in another order or width than before';
    window = page.window;
    const token = window?.pageToken ?? null;
    if (token !== null && tokens.has(token)) endedBy = 'a page names an earlier page as the next one';
    if (token !== null) tokens.add(token);
  }
  const contents = readings.flatMap((reading) => reading.contents(intervalSeconds));
  return { readings, read, contents, requests: spent(), endedBy };
}

async function readPage(
  stream: Stream,
  memory: StreamMemory,
  window: OpenWindow,
  signal: AbortSignal,
  intervalSeconds: number,
): Promise<Reading | string> {
  try {
    const width = intervalSeconds === 0 ? undefined : intervalSeconds;
    const reading = await stream.read(window, memory.learned, signal, width);
    return boundReading(window, reading, { lookback: memory.lookback, settle: stream.limits.settle });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof HistorianError) || !concernsWindow(error)) throw error;
    return error.message;
  }
}

function concernsWindow(error: HistorianError): boolean {
  return (
    error instanceof WindowRefusedError || error instanceof PagingError || error instanceof UnreachableError
  );
}
