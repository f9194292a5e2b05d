import { WindowRefusedError } from '../errors.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import type { StreamKey } from '../stream-key.ts';
import { type LearnedLimits, nextProbe, nextSmaller } from './limits.ts';
import type { OpenWindow } from './open-window.ts';
import { EDGE_MARGIN, horizonOf, type Situation } from './plan.ts';
import type { Effort, Stream } from './stream.ts';

const PROBE_SPAN = instantOfSeconds(3_600);

export interface Lesson {
  /** `null`: the refusal has passed, and teaches nothing. */
  readonly learned: LearnedLimits | null;
  readonly effort: Effort;
}

/**
 * Finds out what a refused window was refused for, by probes, and returns the limits to go on with.
 *
 * @throws {WindowRefusedError} when even the newest hour is refused: no limit explains that
 */
export async function learnFromRefusal(
  stream: Stream,
  window: OpenWindow,
  situation: Situation,
  learned: LearnedLimits,
  signal: AbortSignal,
): Promise<Lesson> {
  const { asked } = window;
  const probing = new Probing(stream, signal);
  const width = asked.to - asked.from;
  if (width > PROBE_SPAN && (await probing.accepts(asked.from))) {
    if (await probing.accepts(asked.from, asked.to)) return { learned: null, effort: probing.effort };
    const span = nextSmaller(Math.min(width, situation.span));
    if (span === undefined) throw refusedOutright(stream.key);
    return { learned: { ...learned, span, learnedAt: situation.now }, effort: probing.effort };
  }
  const age = situation.now - asked.from + EDGE_MARGIN;
  let search = { accepted: 0, refused: Math.min(age, situation.lookback) };
  for (;;) {
    const lookback = nextProbe(search);
    if (lookback === undefined) break;
    const from = horizonOf({ ...situation, lookback });
    if (await probing.accepts(from)) search = { ...search, accepted: lookback };
    else search = { ...search, refused: lookback };
  }
  if (search.accepted === 0) throw refusedOutright(stream.key);
  // A burst of refusals looks like a short lookback; where the edge is accepted now, it was one.
  if (await probing.accepts(horizonOf({ ...situation, lookback: search.refused }))) {
    return { learned: null, effort: probing.effort };
  }
  return {
    learned: { ...learned, lookback: search.accepted, learnedAt: situation.now },
    effort: probing.effort,
  };
}

class Probing {
  readonly #stream: Stream;
  readonly #signal: AbortSignal;
  effort: Effort = { requests: 0, waitedMs: 0 };

  constructor(stream: Stream, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
  }

  async accepts(from: Instant, to: Instant = from + PROBE_SPAN): Promise<boolean> {
    try {
      const spent = await this.#stream.probe({ from, to }, this.#signal);
      this.effort = {
        requests: this.effort.requests + spent.requests,
        waitedMs: this.effort.waitedMs + spent.waitedMs,
      };
      return true;
    } catch (error) {
      if (!(error instanceof WindowRefusedError)) throw error;
      this.effort = { ...this.effort, requests: this.effort.requests + 1 };
      return false;
    }
  }
}

function refusedOutright(key: StreamKey): WindowRefusedError {
  return new WindowRefusedError('Meraki refuses every window of this stream, however short and recent.', {
    ...key,
  });
}
