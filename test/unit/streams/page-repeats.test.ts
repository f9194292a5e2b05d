import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutRepeats } from '../../../src/streams/page-repeats.ts';
import {
  noOccurrences,
  numberOccurrences,
  type Occurring,
  refusedIdentity,
} from '../../../src/sync/occurrences.ts';

const row = (second: number, code: number): Occurring => ({
  sentAt: second,
  identity: `${second} ${code}`,
});

test('I1 pages that repeat their edge, and pages that cut twins, both give each row as often as it is there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(5), fc.nat(1)), { minLength: 2, maxLength: 12 }),
      fc.nat(11),
      fc.nat(2),
      async (made, at, repeated) => {
        const truth = made.map(([second, code]) => row(second, code)).sort((a, b) => a.sentAt - b.sentAt);
        const cut = Math.min(at + 1, truth.length);
        // An offset that was shifted: the next page begins so many rows before where this one ended.
        const edge = truth[cut - 1]?.sentAt;
        const sameMoment = truth.slice(0, cut).filter((one) => one.sentAt === edge).length;
        const pages = [truth.slice(0, cut), truth.slice(cut - Math.min(repeated, sameMoment))];
        const stored = new Set<string>();
        let counts = noOccurrences;
        for (const page of pages) {
          const { rows } = await withoutRepeats(page, counts, async (sentAt) => ({
            rows: truth.filter((one) => one.sentAt === sentAt),
            effort: { requests: 1, waitedMs: 0 },
          }));
          const numbered = numberOccurrences(rows, counts, true);
          counts = numbered.after;
          for (const [index, one] of rows.entries()) {
            stored.add(`${one.identity} ${numbered.occurrences[index]}`);
          }
        }
        expect(stored.size).toBe(truth.length);
      },
    ),
    { numRuns: 500 },
  );
});

test('a page without a doubtful copy costs no request', async () => {
  const { rows, effort } = await withoutRepeats([row(1, 200), row(1, 200)], noOccurrences, () => {
    throw new Error('asked without need');
  });
  expect(rows).toHaveLength(2);
  expect(effort.requests).toBe(0);
});

test('a moment that does not fit one page decides nothing: the copies are believed', async () => {
  const twin = row(1, 200);
  const before = numberOccurrences([twin], noOccurrences, true).after;
  const { rows } = await withoutRepeats([twin], before, async () => ({
    rows: undefined,
    effort: { requests: 1, waitedMs: 0 },
  }));
  expect(rows).toHaveLength(1);
});

test('I7 copies of a refused row are believed: it has no moment of its own to read', async () => {
  const bad: Occurring = { sentAt: 1, identity: refusedIdentity('abc'), isRefused: true };
  const before = numberOccurrences([bad], noOccurrences, true).after;
  const { rows } = await withoutRepeats([bad, bad], before, () => {
    throw new Error('asked without need');
  });
  expect(rows).toHaveLength(2);
});
