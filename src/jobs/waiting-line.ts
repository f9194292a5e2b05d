/** Lines in which work waits its turn: in each one piece of work at a time, first come first served. */
export class WaitingLines {
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Runs `work` once all that came to this line before have ended.
   *
   * @throws the signal's reason when it is aborted while waiting, and what `work` throws
   */
  async run<T>(line: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const before = this.#last.get(line);
    let leave = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      leave = resolve;
    });
    // Who gives up while waiting leaves at once, but those behind still wait for whoever was before.
    const mine = before === undefined ? gone : Promise.all([before, gone]).then(() => undefined);
    this.#last.set(line, mine);
    try {
      if (before !== undefined) await untilAborted(before, signal);
      return await work();
    } finally {
      leave();
      void mine.then(() => {
        if (this.#last.get(line) === mine) this.#last.delete(line);
      });
    }
  }
}

async function untilAborted(awaited: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return await awaited;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    await Promise.race([awaited, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
