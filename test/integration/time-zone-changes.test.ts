/* Another REPORT_TIME_ZONE for an archive that has days already. */
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { renewCalendars } from '../../src/db/changed-days.ts';
import { remakeDays } from '../../src/db/report-time-zones.ts';
import { writeSetting } from '../../src/db/settings.ts';
import { at } from '../support/rollup-bench.ts';
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

describe('a time zone that has other days by now than were written down', () => {
  const VIENNA = 'Europe/Vienna';
  const NOW = at('2025-11-04T10:07:00Z');

  /** Writes days down as if clocks were an hour further from a date on, as they were before the rules changed. */
  const asBefore = (bench: Bench, since: string) =>
    rows(
      bench,
      `update meraki_store.calendar_days set day_end = day_end - interval '1 hour',
         day_start = day_start - case when date > $1 then interval '1 hour' else interval '0' end
       where time_zone = 'Europe/Vienna' and date >= $1`,
      [since],
    );
  const days = (bench: Bench) =>
    rows(
      bench,
      `select date::text, day_start, day_end from meraki_store.calendar_days where time_zone = $1 order by 1`,
      [VIENNA],
    );

  test('has them put right, and what was counted by them, also where that was not finished', async () => {
    const bench = await fill('2025-11-04T10:07:00Z', { days: 4, timeZones: VIENNA });
    const { database } = bench.owned;
    await bench.rollUp();
    const right = await days(bench);
    const kept = await keptDays(bench);
    await asBefore(bench, '2025-11-02');
    for (const id of bench.ids) await database.transaction((tx) => remakeDays(tx, id, NOW));
    await bench.rollUp();
    expect(await keptDays(bench)).not.toEqual(kept);

    expect(await renewCalendars(database, NOW)).toEqual([VIENNA]);
    expect(await days(bench)).toEqual(right);
    for (const id of bench.ids) await expectDays(bench, id, VIENNA);
    await bench.rollUp();
    for (const id of bench.ids) await expectDays(bench, id, VIENNA);
    expect(await keptDays(bench)).toEqual(kept);
    expect(await renewCalendars(database, NOW)).toEqual([]);
    expect(await stale(bench)).toEqual([]);

    await writeSetting(database.query, 'days_to_remake', JSON.stringify([VIENNA]));
    await renewCalendars(database, NOW);
    expect(await stale(bench)).toEqual([...bench.ids].sort());
    await bench.rollUp();
    expect(await keptDays(bench)).toEqual(kept);
  });

  test('has only the calendar changed where they are days to come', async () => {
    const bench = await fill('2025-11-04T10:07:00Z', { days: 4, timeZones: VIENNA });
    await bench.rollUp();
    const right = await days(bench);
    await asBefore(bench, '2026-03-29');
    expect(await renewCalendars(bench.owned.database, NOW)).toEqual([VIENNA]);
    expect(await days(bench)).toEqual(right);
    expect(await stale(bench)).toEqual([]);
  });
});
