import { WindowRefusedError } from '../errors.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type LearnedLimits, nextProbe, nextSmaller } from './limits.ts';
import type { OpenWindow } from './open-window.ts';
import { EDGE_MARGIN, horizonOf, type Situation } from './plan.ts';
import type { Stream } from './stream.ts';

const PROBE_SPAN = instantOfSeconds(3_600);
const DAY = instantOfSeconds(86_400);
/** A machine that sleeps again and again, or waits that long for its budget, must come to an end. */
const MOST_TRIES = 5;

/**
 * What a refusal teaches: limits to go on with, or
 * - `passed`: nothing, it is over;
 * - `stretch`: nothing of other times, for what is as wide or older is answered there.
 */
export type Lesson = LearnedLimits | 'passed' | 'stretch';

/**
 * Finds out what a refused window was refused for, by probes.
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
  const accepts = (from: Instant, to = from + PROBE_SPAN) => isAccepted(stream, { from, to }, signal);
  const reaches = async (lookback: number): Promise<boolean> => {
    for (let tries = 1; ; tries += 1) {
      const now = stream.now();
      const answered = await accepts(horizonOf({ ...situation, now, lookback }));
      // A machine that slept meanwhile has asked for what is older by now.
      if (answered || tries === MOST_TRIES || stream.now() - now < EDGE_MARGIN) return answered;
    }
  };
  const width = asked.to - asked.from;
  if (width > PROBE_SPAN && (await accepts(asked.from))) {
    if (await accepts(asked.from, asked.to)) return 'passed';
    const newest = newestAsWideAs(asked, situation.now);
    if (await accepts(newest.from, newest.to)) return 'stretch';
    const span = nextSmaller(Math.min(width, situation.span));
    if (span === undefined) throw refusedOutright(stream.key);
    return { ...learned, span, learnedAt: situation.now };
  }
  if (asked.from > horizonOf(situation) + DAY && (await reaches(situation.lookback))) {
    return (await accepts(asked.from, asked.to)) ? 'passed' : 'stretch';
  }
  const age = stream.now() - asked.from + EDGE_MARGIN;
  let search = { accepted: 0, refused: Math.min(age, situation.lookback) };
  for (;;) {
    const lookback = nextProbe(search);
    if (lookback === undefined) break;
    const found = (await reaches(lookback)) ? { accepted: lookback } : { refused: lookback };
    search = { ...search, ...found };
  }
  // A burst of refusals looks like a short lookback; where the edge is accepted now, it was one. So does a window that
  // was planned before the clock's error was known, where no shorter lookback is left to be tried.
  if (await reaches(search.refused)) return 'passed';
  if (search.accepted === 0) throw refusedOutright(stream.key);
  return { ...learned, lookback: search.accepted, learnedAt: situation.now };
}

/** The newest time that is as wide. */
export function newestAsWideAs({ from, to }: Range, now: Instant): Range {
  return { from: now - (to - from), to: now };
}

async function isAccepted(stream: Stream, asked: Range, signal: AbortSignal): Promise<boolean> {
  try {
    await stream.probe(asked, signal);
    return true;
  } catch (error) {
    if (!(error instanceof WindowRefusedError)) throw error;
    return false;
  }
}

function refusedOutright(key: StreamKey): WindowRefusedError {
  return new WindowRefusedError('Meraki refuses every window of this stream, however short and recent.', {
    ...key,
  });
}
