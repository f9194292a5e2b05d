import { expect, test } from 'vitest';
import { parseMultirange } from '../../src/db/multirange.ts';
import { duration } from '../../src/ranges.ts';
import { recordStatements } from '../statements/record-statements.ts';
import { at, DAY, delivery, HOUR, keyOf, RollupBench } from '../support/rollup-bench.ts';

const FROM = at('2026-01-01T00:00:00Z');

/** Days that each batch took off the stale ones, in their order. */
async function batchesOf(deliveries: number, days: number): Promise<readonly number[]> {
  const bench = await RollupBench.create();
  const range = { from: FROM, to: FROM + days * DAY };
  await bench.addOrganization('o', 'UTC', range, { ended: true });
  const step = Math.floor((range.to - range.from) / deliveries);
  await bench.writeDeliveries(
    'o',
    Array.from({ length: deliveries }, (_, index) => delivery(FROM + index * step)),
  );
  const recording = recordStatements(bench.owned.name);
  try {
    await bench.rollUp(keyOf('o', 'webhook_logs'));
  } finally {
    recording.stop();
  }
  expect(await bench.stale()).toEqual([]);
  return recording.issued
    .filter(({ text }) => text.includes('set stale = stale -'))
    .map(({ values }) => duration(parseMultirange(String(values[0]))) / DAY);
}

test('where there is little, a month is one batch from the first on', async () => {
  expect(await batchesOf(62 * 24, 62)).toEqual([31, 31]);
});

test('where there is much, the first batch is a day', async () => {
  const [first, ...others] = await batchesOf(20_000, 20);
  expect(first).toBeLessThanOrEqual(1 + HOUR / DAY);
  expect(others.length).toBeGreaterThan(1);
});
