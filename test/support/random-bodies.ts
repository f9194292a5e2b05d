/*
 * Bodies that Meraki, a proxy or a fault could send, as text: valid rows with one or several things wrong, other
 * JSON, bytes of any kind, and all of these cut short.
 */
import fc from 'fast-check';
import { formatInstant, type Instant } from '../../src/instant.ts';
import type { Range } from '../../src/ranges.ts';

type Fields = readonly (readonly [name: string, value: string])[];

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

const ODD_VALUES: readonly string[] = [
  'null true [] {} "" 0 -0 -1 1.5 1e2 1e400 -1e400 1e400000 9007199254740993 2147483648 -2147483649'.split(
    ' ',
  ),
  '123456789012345678901234567890 0.1000000000000000055511151231257827 1e-400000'.split(' '),
  ['"\\u0000"', '"\\ud83d"', '"\\ude00x"', '"\\ud83d\\ude00"', '"\\\\u0000"', '"ü😀"', '"\\"[{,"', '"a\\nb"'],
  [
    '"2026-01-02T03:04:05Z"',
    '"2026-01-02T03:04:05+05:30"',
    '"2026-01-02T03:04:05.1234567Z"',
    '"2026-02-31T00:00:00Z"',
  ],
  ['"1700-01-01T00:00:00Z"', '"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"-271821-04-20T00:00:00Z"'],
  [
    `"${'x'.repeat(5_000)}"`,
    nested(70),
    nested(3_000),
    '{"__proto__":{"a":1}}',
    '{"a":1,"a":2}',
    '[1,[2,{"b":null}]]',
  ],
  [
    '{"code":200}',
    '[{"code":200,"count":1},{"code":200,"count":9007199254740991}]',
    '[null]',
    '[{"code":1e99,"count":"1"}]',
  ],
].flat();

const oddValue = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...ODD_VALUES) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 2 }) },
);
const oddName = fc.constantFrom(
  ...[
    'retries',
    '__proto__',
    'constructor',
    'toString',
    '',
    'a\0b',
    '\ud800',
    'ü',
    'x'.repeat(3_000),
    'sentAt ',
  ],
);

const mutation = (names: readonly string[]): fc.Arbitrary<(fields: Fields) => Fields> => {
  const name = fc.constantFrom(...names);
  return fc.oneof(
    name.map((left) => (fields: Fields) => fields.filter(([one]) => one !== left)),
    fc.tuple(name, oddValue).map(
      ([odd, value]) =>
        (fields: Fields) =>
          fields.map(([one, before]) => [one, one === odd ? value : before] as const),
    ),
    fc.tuple(name, oddValue).map((twice) => (fields: Fields) => [...fields, twice]),
    fc.tuple(oddName, oddValue).map((unknown) => (fields: Fields) => [unknown, ...fields]),
    fc.constant((fields: Fields) => fields.toReversed()),
  );
};

const objectText = (fields: Fields, space: string) =>
  `{${space}${fields.map(([name, value]) => `${JSON.stringify(name)}:${space}${value}`).join(`,${space}`)}}`;

/** A row that is mostly in order, sometimes given several times over. */
function rowText(valid: fc.Arbitrary<Fields>, names: readonly string[]): fc.Arbitrary<readonly string[]> {
  const changes = fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 5, arbitrary: fc.array(mutation(names), { minLength: 1, maxLength: 3 }) },
  );
  const changed = fc
    .tuple(valid, changes, fc.constantFrom('', '', ' ', '\r\n\t'))
    .map(([fields, all, space]) =>
      objectText(
        all.reduce((left, change) => change(left), fields),
        space,
      ),
    );
  return fc
    .tuple(
      fc.oneof({ weight: 9, arbitrary: changed }, { weight: 1, arbitrary: oddValue }),
      fc.constantFrom(1, 1, 1, 2, 3),
    )
    .map(([text, copies]) => Array.from({ length: copies }, () => text));
}

const quoted = (instant: Instant) => JSON.stringify(formatInstant(instant));

function webhookLogRow({ from, to }: Range, organizationId: string): fc.Arbitrary<readonly string[]> {
  const valid = fc
    .tuple(
      fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: (to - from) / 1_000_000 - 1 })),
      fc.constantFrom(-1, 200, 400, 503),
      fc.integer({ min: 0, max: 3 }),
    )
    .map(
      ([second, code, which]): Fields => [
        ['organizationId', JSON.stringify(organizationId)],
        ['networkId', `"N_${which}"`],
        ['alertType', which === 0 ? '""' : '"settings_changed"'],
        ['url', `"https://hook${which}.example/secret"`],
        ['sentAt', quoted(from + second * 1_000_000)],
        ['loggedAt', quoted(from + second * 1_000_000 + 7)],
        ['responseCode', String(code)],
        ['responseDuration', String(14 + which)],
      ],
    );
  const names = 'organizationId networkId alertType url sentAt loggedAt responseCode responseDuration'.split(
    ' ',
  );
  return rowText(valid, names);
}

function bucket({ from, to }: Range): fc.Arbitrary<readonly string[]> {
  const valid = fc
    .tuple(
      fc.constantFrom(120, 120, 120, 3_600, 21_600, 7, 7_776_000, 86_400_000, 0.5, -120),
      fc.double({ min: -0.1, max: 1.1, noNaN: true }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 9 }),
    )
    .map(([width, place, codes, off]): Fields => {
      const length = width * 1_000_000;
      const start = Math.floor((from + place * (to - from)) / length) * length + (off === 0 ? 1 : 0);
      const counts = [200, 404, 429].slice(0, codes).map((code) => `{"code":${code},"count":${code + off}}`);
      return [
        ['startTs', quoted(start)],
        ['endTs', quoted(start + length)],
        ['counts', `[${counts.join(',')}]`],
      ];
    });
  return rowText(valid, ['startTs', 'endTs', 'counts']);
}

const listText = (row: fc.Arbitrary<readonly string[]>) =>
  fc.array(row, { maxLength: 6 }).map((rows) => `[${rows.flat().join(',')}]`);

/** A body that is a list. */
export const webhookLogList = (window: Range, organizationId: string) =>
  listText(webhookLogRow(window, organizationId));
export const bucketList = (window: Range) => listText(bucket(window));

/** Any body at all. */
export function anyBody(list: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  const bytes = list.map((text) => Buffer.from(text));
  const cut = fc.tuple(bytes, fc.double({ min: 0, max: 1, noNaN: true }));
  return fc.oneof(
    { weight: 30, arbitrary: bytes },
    { weight: 2, arbitrary: fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
    { weight: 1, arbitrary: cut.map(([whole, at]) => whole.subarray(0, Math.floor(whole.length * at))) },
    {
      weight: 2,
      arbitrary: fc.tuple(cut, fc.integer({ min: 128, max: 255 })).map(([[whole, at], byte]) => {
        const changed = Buffer.from(whole);
        if (changed.length > 0) changed[Math.floor((changed.length - 1) * at)] = byte;
        return changed;
      }),
    },
  );
}
