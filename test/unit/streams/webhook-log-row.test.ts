import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseInstant } from '../../../src/instant.ts';
import { hash64 } from '../../../src/streams/hash.ts';
import { packRows } from '../../../src/streams/packed-rows.ts';
import { deliveryBatchOf } from '../../../src/streams/webhook-log-batch.ts';
import {
  fingerprintOf,
  memberKey,
  parseWebhookLogRow,
  type WebhookLogRow,
} from '../../../src/streams/webhook-log-row.ts';
import { deliveryColumns } from '../../support/delivery-batch.ts';

const received = {
  organizationId: '1',
  networkId: 'N_1',
  alertType: '',
  url: 'https://x.example/h',
  sentAt: '2026-01-02T03:04:05.123456Z',
  loggedAt: '2026-01-02T03:04:06Z',
  responseCode: -1,
  responseDuration: 14,
};

const parse = (value: unknown) => parseWebhookLogRow(value, () => JSON.stringify(value));

function rowOf(value: unknown): WebhookLogRow {
  const parsed = parse(value);
  if (parsed.isRefused) throw new Error(`refused: ${parsed.reason}`);
  return parsed;
}

const reasonOf = (value: unknown): string => {
  const parsed = parse(value);
  return parsed.isRefused ? parsed.reason : '';
};

test('a documented row is read, its times to the microsecond', () => {
  expect(rowOf(received)).toMatchObject({
    ...received,
    extra: null,
    sentAt: parseInstant('2026-01-02T03:04:05.123456Z'),
    loggedAt: parseInstant('2026-01-02T03:04:06Z'),
  });
});

test.each(Object.keys(received))(
  'I7 a row without %s, or with null or a list for it, gives the reason',
  (field) => {
    const { [field as keyof typeof received]: _left, ...without } = received;
    for (const odd of [without, { ...received, [field]: null }, { ...received, [field]: [] }]) {
      expect(reasonOf(odd)).toContain(`${field}: `);
    }
  },
);

test.each([
  ['responseCode', '200'],
  ['responseCode', 200.5],
  ['responseCode', 2 ** 31],
  ['responseDuration', -(2 ** 31) - 1],
  ['responseDuration', Number.NaN],
  ['networkId', 7],
  ['sentAt', 1_767_225_600],
  ['sentAt', '2026-02-31T00:00:00Z'],
  ['sentAt', '2026-01-01T00:00:00.1234567Z'],
  ['loggedAt', 'later'],
  ['loggedAt', ''],
  ['url', 'https://x.example/\0'],
  ['alertType', 'high \ud83d surrogate'],
  ['networkId', 'low \udc00 surrogate'],
])('I7 %s: %j gives the reason', (field, value) => {
  expect(reasonOf({ ...received, [field]: value })).toContain(`${field}: `);
});

test.each([null, undefined, 'text', 3, [], true])('I7 %j is no row', (value) => {
  expect(reasonOf(value)).not.toBe('');
});

test('I7 all faults of a row are in the reason', () => {
  const reason = reasonOf({ ...received, url: 3, responseCode: null });
  expect(reason).toContain('url: ');
  expect(reason).toContain('responseCode: ');
});

test.each([
  { alertType: '' },
  { responseCode: -1 },
  { responseCode: 0, responseDuration: -5 },
  { url: '' },
  { alertType: '\u{1f4a9} "quoted" \\ \n' },
])('%j is kept as it is', (fields) => {
  expect(rowOf({ ...received, ...fields })).toMatchObject(fields);
});

describe('I7 unknown fields', () => {
  test('are kept', () => {
    const row = rowOf({ ...received, retries: 2, detail: { a: [1, null] } });
    expect(row.extra).toBe('{"retries":2,"detail":{"a":[1,null]}}');
    expect(rowOf(received).extra).toBeNull();
  });

  test('do not change the identity of a row', () => {
    expect(fingerprintOf(rowOf({ ...received, retries: 2 }))).toBe(fingerprintOf(rowOf(received)));
  });

  /** `jsonb` refuses them, so a page that holds such a row could never be committed. */
  test.each([
    ['NUL', { detail: 'a\0b' }],
    ['NUL, deep', { detail: [{ text: 'a\0b' }] }],
    ['an unpaired surrogate', { detail: '\ud800' }],
    ['NUL in a name', { 'a\0b': 1 }],
  ])('that a database cannot hold (%s) go to quarantine', (_, fields) => {
    expect(reasonOf({ ...received, ...fields })).toContain('cannot hold');
  });
});

/** Postgres has no year 0: "date/time field value out of range". */
test('I7 a time that Postgres cannot hold gives the reason', () => {
  expect(reasonOf({ ...received, loggedAt: '0000-01-01T00:00:00Z' })).toContain('loggedAt: ');
});

describe('the fingerprint', () => {
  test.each([
    [{}, -1106248384558223865n],
    [{ networkId: 'L_2', responseCode: 200 }, -4055770997366023509n],
  ])('of stored rows never changes: %j', (fields, fingerprint) => {
    expect(fingerprintOf(rowOf({ ...received, ...fields }))).toBe(fingerprint);
  });

  test.each([
    ['organizationId', '2'],
    ['networkId', 'N_2'],
    ['alertType', 'x'],
    ['url', 'https://x.example/H'],
    ['sentAt', '2026-01-02T03:04:05.123457Z'],
    ['loggedAt', '2026-01-02T03:04:06.000001Z'],
    ['responseCode', 200],
    ['responseDuration', 15],
  ])('I1 is another when %s differs', (field, value) => {
    expect(fingerprintOf(rowOf({ ...received, [field]: value }))).not.toBe(fingerprintOf(rowOf(received)));
  });

  test('I1 is another when text moves from one field to the next', () => {
    const a = rowOf({ ...received, networkId: 'N_1","x', alertType: 'y' });
    const b = rowOf({ ...received, networkId: 'N_1', alertType: 'x","y' });
    expect(fingerprintOf(a)).not.toBe(fingerprintOf(b));
  });

  test.each([
    ['2026-01-02T03:04:00Z', '2026-01-02T03:04:00.000000Z'],
    ['2026-01-02T03:04:00Z', '2026-01-02T04:04:00.0+01:00'],
  ])('I1 is the same for %s and %s', (one, other) => {
    for (const field of ['sentAt', 'loggedAt']) {
      expect(fingerprintOf(rowOf({ ...received, [field]: one }))).toBe(
        fingerprintOf(rowOf({ ...received, [field]: other })),
      );
    }
  });
});

test('the same receiver in two organizations has two ids', () => {
  expect(memberKey('1', 'https://x')).not.toBe(memberKey('2', 'https://x'));
});

test('a delivery has hashes for its dimensions', () => {
  const numbered = { ...rowOf(received), fingerprint: 17n, occurrence: 3 };
  const { deliveries } = deliveryBatchOf(received.organizationId, packRows([numbered])).contents();
  expect(deliveries).toMatchObject(
    deliveryColumns([
      {
        sentAt: parseInstant(received.sentAt) ?? 0,
        loggedAt: parseInstant(received.loggedAt) ?? 0,
        fingerprint: 17n,
        occurrence: 3,
        networkKey: BigInt(hash64('N_1')),
        alertTypeId: BigInt(memberKey(received.organizationId, '')),
        endpointId: BigInt(memberKey(received.organizationId, 'https://x.example/h')),
        responseCode: -1,
        responseDurationMs: 14,
        extra: null,
      },
    ]),
  );
});

describe('a row in the usual form and the same row in another', () => {
  test('are read alike, whatever its fields hold', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constant('\ud800'),
      fc.constant('a\0b'),
    );
    const value = fc.oneof(text, fc.integer(), fc.double(), fc.constant(null), fc.constant(true));
    const time = fc.oneof(
      value,
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc
        .tuple(
          fc.integer({ min: 1690, max: 2210 }),
          fc.nat(13),
          fc.nat(32),
          fc.nat(25),
          fc.nat(61),
          fc.nat(999_999),
        )
        .map(
          ([year, month, day, hour, second, fraction]) =>
            `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(second)}:${two(second)}.${String(fraction).padStart(6, '0')}Z`,
        ),
    );
    const odd = fc.record(
      {
        networkId: value,
        alertType: value,
        url: value,
        sentAt: time,
        loggedAt: time,
        responseCode: value,
        responseDuration: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(odd, (fields) => {
        const usual = parseWebhookLogRow({ ...received, ...fields }, () => '{}');
        // A field that nobody knows makes it go the long way.
        const raw = '{"x":1}';
        const long = parseWebhookLogRow({ ...received, ...fields, x: 1 }, () => raw);
        expect(usual.isRefused ? usual : { ...usual, extra: raw }).toEqual({ ...long });
      }),
      { numRuns: 2_000 },
    );
  });
});

function two(number: number): string {
  return String(number).padStart(2, '0');
}
