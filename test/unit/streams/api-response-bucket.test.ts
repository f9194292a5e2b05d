import { expect, test } from 'vitest';
import { parseInstant } from '../../../src/instant.ts';
import { type ApiResponseBucket, parseApiResponseBucket } from '../../../src/streams/api-response-bucket.ts';

const received = {
  startTs: '2026-01-01T00:00:00Z',
  endTs: '2026-01-01T00:02:00Z',
  counts: [
    { code: 200, count: 17 },
    { code: 429, count: 2 },
  ],
};
const bucketOf = (value: unknown): ApiResponseBucket => {
  const bucket = parseApiResponseBucket(value);
  if (!bucket.ok) throw new Error(`refused: ${bucket.reason}`);
  return bucket.bucket;
};
const reasonOf = (value: unknown): string => {
  const bucket = parseApiResponseBucket(value);
  return bucket.ok ? '' : bucket.reason;
};

test('a documented bucket is read', () => {
  expect(bucketOf(received)).toEqual({
    start: parseInstant('2026-01-01T00:00:00Z'),
    end: parseInstant('2026-01-01T00:02:00Z'),
    intervalSeconds: 120,
    counts: new Map([
      [200, 17],
      [429, 2],
    ]),
  });
});

test.each([
  ['2026-01-01T00:00:00Z', '2026-01-01T01:00:00.000000Z', 3_600],
  ['2026-01-01T04:00:00Z', '2026-01-01T08:00:00Z', 14_400],
  ['2026-01-01T06:00:00+00:00', '2026-01-01T12:00:00Z', 21_600],
  ['2026-01-01T02:00:00+02:00', '2026-01-01T06:00:00Z', 21_600],
])('I5 its width is what its own times say: %s to %s', (startTs, endTs, intervalSeconds) => {
  expect(bucketOf({ ...received, startTs, endTs })).toMatchObject({ intervalSeconds });
});

test('an idle bucket, a code named twice, a field unknown', () => {
  expect(bucketOf({ ...received, counts: [] })).toMatchObject({ counts: new Map() });
  const twice = [
    { code: 200, count: 1 },
    { code: 200, count: 2, share: 0.1 },
  ];
  expect(bucketOf({ ...received, counts: twice, ok: false, reason: 'odd' })).toMatchObject({
    counts: new Map([[200, 3]]),
  });
});

test.each([
  ['no start', { startTs: undefined }, 'startTs: '],
  ['a start that is none', { startTs: 'now' }, 'startTs: '],
  ['an end that is none', { endTs: '2026-02-30T00:00:00Z' }, 'endTs: '],
  ['turned around', { startTs: received.endTs, endTs: received.startTs }, 'endTs: '],
  ['empty', { endTs: received.startTs }, 'endTs: '],
  ['parts of a second', { endTs: '2026-01-01T00:02:00.5Z' }, 'endTs: '],
  [
    'off the grid of its width',
    { startTs: '2026-01-01T00:01:00Z', endTs: '2026-01-01T00:03:00Z' },
    'startTs: ',
  ],
  ['90 days wide, off its grid', { endTs: '2026-04-01T00:00:00Z' }, 'startTs: '],
  ['no counts', { counts: undefined }, 'counts: '],
  ['a count below zero', { counts: [{ code: 200, count: -1 }] }, 'counts.0.count: '],
  ['a count that is no whole number', { counts: [{ code: 200, count: 0.5 }] }, 'counts.0.count: '],
  ['a code as text', { counts: [{ code: '200', count: 1 }] }, 'counts.0.code: '],
])('I7 %s gives the reason', (_, fields, said) => {
  expect(reasonOf({ ...received, ...fields })).toContain(said);
});

test.each([null, 'text', []])('I7 %j is no bucket', (value) => {
  expect(reasonOf(value)).not.toBe('');
});
