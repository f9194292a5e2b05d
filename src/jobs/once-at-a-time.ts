/** Work that is done beside something else, never twice at once. */
export class OnceAtATime {
  readonly #work: (ending: AbortSignal) => Promise<void>;
  readonly #ending = new AbortController();
  #underWay: Promise<void> | undefined;

  /** @param work never throws, and ends soon after its signal */
  constructor(work: (ending: AbortSignal) => Promise<void>) {
    this.#work = work;
  }

  /** Begins it, unless it is under way. */
  begin(): void {
    this.#underWay ??= this.#work(this.#ending.signal).finally(() => {
      this.#underWay = undefined;
    });
  }

  /** Ends what is under way, and waits for that. */
  async end(): Promise<void> {
    this.#ending.abort(new Error('it has nothing to be beside any more'));
    await this.#underWay;
  }
}
