import type { Writable } from 'node:stream';
import { OutputError } from '../errors.ts';

/** Where an export goes. */
export interface Sink {
  /**
   * Resolves when more may be written.
   *
   * @throws {ReaderGoneError | OutputError}
   */
  write(chunk: string | Uint8Array): Promise<void>;
  /** Resolves when all that was written is out. */
  flush(): Promise<void>;
}

/** Who reads the export has closed it: `| head` has its lines, a browser was closed. Nothing is wrong. */
export class ReaderGoneError extends Error {}

/**
 * Writes to a stream no faster than it is read. The stream stays open.
 *
 * @param signal given: writing fails with its reason
 */
export function streamSink(stream: Writable, signal: AbortSignal): Sink {
  let failure: unknown;
  let onFailure = ignore;
  let onDrain = ignore;
  const fail = (error: unknown): void => {
    failure ??= error;
    onFailure();
  };
  stream.on('error', (error: NodeJS.ErrnoException) =>
    fail(GONE.has(error.code ?? '') ? gone(error) : refused(error)),
  );
  stream.on('close', () => fail(gone()));
  stream.on('drain', () => onDrain());
  signal.addEventListener('abort', () => fail(signal.reason), { once: true });
  if (signal.aborted) fail(signal.reason);
  return {
    async write(chunk) {
      if (failure !== undefined) throw failure;
      if (chunk.length === 0 || stream.write(chunk)) return;
      await new Promise<void>((resolve, reject) => {
        onDrain = resolve;
        onFailure = () => reject(failure);
      });
    },
    async flush() {
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve, reject) => {
        onFailure = () => reject(failure);
        stream.write('', (error) => (error ? fail(failure ?? error) : resolve()));
      });
    },
  };
}

function refused(error: NodeJS.ErrnoException): OutputError {
  return new OutputError(`The output cannot be written: ${error.message}`, { code: error.code }, error);
}

function gone(cause?: unknown): ReaderGoneError {
  return new ReaderGoneError('the output was closed', { cause });
}

const ignore = (): void => undefined;
const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE']);
