/* Another REPORT_TIME_ZONE for an archive that has days already. */
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Bench, expectDays, fill, keptDays, rows, stale } from '../support/time-zone-bench.ts';

describe('a change of time zone', () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await fill('2025-11-04T10:07:00Z', { days: 4 });
  });

  test('there and back leaves what was there, and the same again changes nothing', async () => {
    await bench.set('UTC');
    await bench.rollUp();
    const before = await keptDays(bench);
    expect(Object.values(before).filter((kept) => kept.length === 0)).toEqual([]);
    for (const zone of ['America/St_Johns', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'UTC']) {
      await bench.set(zone);
      expect(await stale(bench)).toEqual([...bench.ids].sort());
      await bench.rollUp();
      expect(await stale(bench)).toEqual([]);
    }
    expect(await keptDays(bench)).toEqual(before);
    await bench.set('UTC');
    expect(await stale(bench)).toEqual([]);
  });

  test('of one organization leaves the others alone', async () => {
    const [one = '', other = ''] = bench.ids;
    await bench.set('Asia/Kolkata');
    await bench.rollUp();
    await bench.set(`Asia/Kolkata ${one}=America/St_Johns 404=Europe/Vienna`);
    expect(await stale(bench)).toEqual([one]);
    await expectDays(bench, one, 'America/St_Johns');
    await expectDays(bench, other, 'Asia/Kolkata');
    await bench.rollUp();
    await expectDays(bench, one, 'America/St_Johns');
    await expectDays(bench, other, 'Asia/Kolkata');
    const shown = await rows(bench, 'select id, time_zone from meraki.organizations where id = $1', [one]);
    expect(shown).toEqual([{ id: one, time_zone: 'America/St_Johns' }]);
  });

  test('while rollups are at work comes to the same', async () => {
    const zones = ['Europe/Vienna', 'UTC', 'America/St_Johns', 'Asia/Kolkata', 'Europe/Vienna'];
    await Promise.all([
      (async () => {
        for (const zone of zones) await bench.set(zone);
      })(),
      (async () => {
        for (const _ of zones) await bench.rollUp();
      })(),
    ]);
    for (const id of bench.ids) await expectDays(bench, id, 'Europe/Vienna');
    await bench.rollUp();
    for (const id of bench.ids) await expectDays(bench, id, 'Europe/Vienna');
  });

  test('that cannot be written changes nothing', async () => {
    await bench.set('UTC');
    await bench.rollUp();
    const before = await keptDays(bench);
    const alter = (what: string) => rows(bench, `alter table meraki_store.organizations ${what}`);
    await alter(`add constraint only_utc check (time_zone = 'UTC')`);
    onTestFinished(async () => {
      await alter('drop constraint only_utc');
    });
    await expect(bench.set('Asia/Kolkata')).rejects.toThrow('only_utc');
    expect(await keptDays(bench)).toEqual(before);
    expect(await stale(bench)).toEqual([]);
  });
});
