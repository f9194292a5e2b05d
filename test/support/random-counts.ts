import { instantOfSeconds } from '../../src/instant.ts';
import { growToGrid, type Range, rangesOf, shrinkToGrid } from '../../src/ranges.ts';
import type { Random } from '../../src/simulator/random.ts';
import type { CountsPage } from './rollup-bench.ts';
import { DAY, HOUR } from './rollup-bench.ts';

const WIDTHS = [120, 120, 3_600, 3_600, 14_400, 21_600, 86_400];
/** Such that do not divide an hour, or a day. */
const ODD_WIDTHS = [420, 480, 2_700];
const CODES = [200, 200, 201, 301, 404, 429, 500, 999];

/** What one answer may give: buckets of one width, or of two, of which a part is final. */
export function randomCounts(random: Random, within: Range): readonly CountsPage[] {
  const from = within.from + Math.floor(random.next() * (within.to - within.from));
  const asked = { from, to: Math.min(within.to, from + Math.floor(random.next() * 4 * DAY) + HOUR) };
  const widths = [random.chance(0.15) ? random.pick(ODD_WIDTHS) : random.pick(WIDTHS)];
  if (random.chance(0.2)) widths.push(random.pick(WIDTHS));
  return [...new Set(widths)].map((width) => pageOf(random, asked, width));
}

function pageOf(random: Random, asked: Range, intervalSeconds: number): CountsPage {
  const step = instantOfSeconds(intervalSeconds);
  const read = growToGrid(asked, step);
  const cut = random.pick([
    read.from,
    asked.from + Math.floor(random.next() * (asked.to - asked.from)),
    read.to,
  ]);
  const final = shrinkToGrid({ from: read.from, to: cut }, step);
  const buckets = Math.round((read.to - read.from) / step);
  const counts = Array.from({ length: Math.min(buckets, 150) }, () => random.integer(buckets)).map(
    (bucket) => ({
      bucketStart: read.from + bucket * step,
      responseCode: random.pick(CODES),
      requestCount: random.integer(intervalSeconds),
    }),
  );
  const once = new Map(counts.map((count) => [`${count.bucketStart} ${count.responseCode}`, count]));
  return { intervalSeconds, counts: [...once.values()], read: rangesOf(read), final: rangesOf(final) };
}
