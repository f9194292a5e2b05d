/** Whether the simulator cuts every API connection instead of answering. */
export class Outage {
  readonly #clock: { now(): number };
  #until = 0;

  constructor(clock: { now(): number }) {
    this.#clock = clock;
  }

  isOn(): boolean {
    return this.#clock.now() < this.#until;
  }

  /** `true` until further notice, `false` to end it, or a number of seconds. */
  set(on: boolean | number): void {
    if (typeof on === 'number') this.#until = this.#clock.now() + on * 1_000;
    else this.#until = on ? Number.POSITIVE_INFINITY : 0;
  }
}
