import { beforeAll, describe, expect, test } from 'vitest';
import { type Bench, expectDays, fill, hoursOf, rows, stale } from '../support/time-zone-bench.ts';

describe.each([
  ['spring', '2025-04-08T10:07:00Z', '2025-03-30', 23, '2025-03-09', 23],
  ['autumn', '2025-11-05T10:07:00Z', '2025-10-26', 25, '2025-11-02', 25],
] as const)('in %s', (_, moment, viennaDay, viennaHours, newfoundlandDay, newfoundlandHours) => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await fill(moment);
  });

  test.each([
    ['Europe/Vienna', viennaDay, viennaHours],
    ['America/St_Johns', newfoundlandDay, newfoundlandHours],
    ['Asia/Kolkata', viennaDay, 24],
    ['UTC', viennaDay, 24],
  ])(
    'days of %s are counted by the local date, before they are rolled up and after',
    async (zone, day, hours) => {
      await bench.set(zone);
      expect(await hoursOf(bench, zone, day)).toBe(hours);
      for (const id of bench.ids) await expectDays(bench, id, zone);
      await bench.rollUp();
      expect(await stale(bench)).toEqual([]);
      for (const id of bench.ids) await expectDays(bench, id, zone);
    },
  );

  test('the hours of the day on which the clocks change add up to it', async () => {
    await bench.set('Europe/Vienna');
    await bench.rollUp();
    const found = await rows<{ hours: string; by_hour: string; by_day: string }>(
      bench,
      `select count(distinct h.bucket_start) as hours, sum(h.deliveries) as by_hour,
         (select sum(deliveries) from meraki.webhook_deliveries_daily
          where organization_id = $1 and date = $2) as by_day
       from meraki.webhook_deliveries_hourly h where organization_id = $1 and date = $2`,
      [bench.ids[0], viennaDay],
    );
    expect(Number(found[0]?.hours)).toBeLessThanOrEqual(viennaHours);
    expect(Number(found[0]?.by_hour)).toBeGreaterThan(0);
    expect(found[0]?.by_hour).toBe(found[0]?.by_day);
  });
});

test('an organization has its time zone, and days, from its first sight', async () => {
  const bench = await fill('2025-11-04T10:07:00Z', { days: 3, timeZones: 'europe/vienna' });
  expect(await stale(bench)).toEqual([]);
  for (const id of bench.ids) await expectDays(bench, id, 'Europe/Vienna');
});
