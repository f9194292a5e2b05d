/* What was read of a stretch, and its hours, as the contract means them. */
import { HOUR, type KnownStream, type Stretch } from './known-archive.ts';

/** The hours in which a stream's data are wanted. */
export function hoursOf({ wanted }: KnownStream): readonly Stretch[] {
  const hours: Stretch[] = [];
  for (let from = Math.floor(wanted.from / HOUR) * HOUR; from < wanted.to; from += HOUR) {
    hours.push({ from, to: from + HOUR });
  }
  return hours;
}

/** Milliseconds of a stretch that were read in buckets that lie wholly in it; `fitting`: widths that count. */
export function coveredOf(
  { widths }: KnownStream,
  { from, to }: Stretch,
  fitting: (seconds: number) => boolean = () => true,
): { readonly read: number; readonly final: number } {
  let [read, final] = [0, 0];
  for (const width of widths) {
    if (width.seconds > 0 && !fitting(width.seconds)) continue;
    const grid = Math.max(1, width.seconds * 1_000);
    const whole = { from: Math.ceil(from / grid) * grid, to: Math.floor(to / grid) * grid };
    final += overlap(width.final, whole);
    read += overlap([...width.final, ...width.provisional], whole);
  }
  return { read, final };
}

function overlap(stretches: readonly Stretch[], { from, to }: Stretch): number {
  return stretches.reduce((sum, s) => sum + Math.max(0, Math.min(s.to, to) - Math.max(s.from, from)), 0);
}
