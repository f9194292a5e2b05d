import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinRows, packRows } from '../../../src/streams/packed-rows.ts';
import type { NumberedRow } from '../../../src/streams/webhook-log-row.ts';

const text = fc.string({ maxLength: 4 });
const instant = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

const row: fc.Arbitrary<NumberedRow> = fc.record({
  organizationId: fc.constant('1'),
  networkId: text,
  alertType: text,
  url: text,
  sentAt: instant,
  loggedAt: instant,
  responseCode: int32,
  responseDuration: int32,
  extra: fc.option(text),
  fingerprint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  occurrence: fc.nat({ max: 2 ** 31 - 1 }),
});

test('packed rows keep all they hold', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
      const packed = packRows(rows);
      const unpacked = rows.map((_, place) => ({
        organizationId: '1',
        networkId: packed.networkIds[place],
        alertType: packed.alertTypes[place],
        url: packed.urls[place],
        sentAt: packed.sentAt[place],
        loggedAt: packed.loggedAt[place],
        responseCode: packed.responseCode[place],
        responseDuration: packed.responseDuration[place],
        extra: packed.extra.get(place) ?? null,
        fingerprint: packed.fingerprint[place],
        occurrence: packed.occurrence[place],
      }));
      expect(unpacked).toEqual(rows);
    }),
  );
});

test('those of several pages are joined in order, however many there are', () => {
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 5 }), { maxLength: 4 }), (pages) => {
      expect(joinRows(pages.map(packRows))).toEqual(packRows(pages.flat()));
    }),
  );
  const [one] = fc.sample(row, 1);
  if (one === undefined) throw new Error('no row');
  const many = packRows(new Array<NumberedRow>(150_000).fill(one));
  expect(joinRows([many, many]).urls).toHaveLength(300_000);
});
