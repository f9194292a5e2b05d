/*
 * Contents that a database, an index or a recursive reader could stumble over, committed to a real Postgres: the
 * page goes on, and what cannot be stored is in quarantine (I7).
 */
import { describe, expect, test } from 'vitest';
import { formatInstant, instantOfSeconds } from '../../src/instant.ts';
import { commitBench } from '../support/commit-bench.ts';
import { ASKED, COUNTS, commitReading, logRowWith, NOW, readCounts } from '../support/stream-reads.ts';

const HOUR = instantOfSeconds(3_600);

const bench = commitBench();
const { commit, rows, quarantined, stored } = bench;

describe('is stored', () => {
  const long = 'x'.repeat(1_000_000);
  test.each([
    ['a URL of a million characters', { url: `"https://x.example/${long}"` }],
    ['a network id of a million characters', { networkId: `"${long}"` }],
    ['an alert type of a million characters', { alertType: `"${long}"` }],
    ['an empty alert type', { alertType: '""' }],
    ['an unknown field of a million characters', { detail: `"${long}"` }],
    ['an unknown field with an odd name', { __proto__: '{"polluted":true}', 'ü \\"': '1' }],
    ['a time logged centuries later', { loggedAt: '"2199-12-31T23:59:59.999999Z"' }],
    ['a time with an offset and no fraction', { sentAt: '"2026-01-12T23:30:00+05:30"' }],
    ['the outermost codes and durations', { responseCode: '2147483647', responseDuration: '-2147483648' }],
    ['minus zero', { responseCode: '-0' }],
    ['a response code in other digits', { responseCode: '2.0e2' }],
  ])('%s', async (_, odd) => {
    await commit(`[${logRowWith(odd)}, ${logRowWith({ alertType: '"good"' })}]`);
    expect(await quarantined()).toEqual([]);
    expect(await stored()).toBe(2);
    expect('polluted' in {}).toBe(false);
  });

  test('an unknown field to the last digit, beside names that every object has', async () => {
    await commit(`[${logRowWith({ id: '12345678901234567890.10', big: '1e400', constructor: 'null' })}]`);
    const found = await rows<{ id: string; big: string; keys: string[] }>(
      `select extra->>'id' as id, (extra->>'big')::numeric = 1e400 as big,
        array(select jsonb_object_keys(extra)) as keys from meraki.webhook_deliveries`,
    );
    expect(found).toEqual([{ id: '12345678901234567890.10', big: true, keys: ['id', 'big', 'constructor'] }]);
  });
});

describe('goes to quarantine to the letter, and the page goes on:', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  test.each([
    ['an unknown field nested a hundred thousand deep', { detail: deep }],
    ['a documented field nested a hundred thousand deep', { url: deep }],
    ['an unknown number beyond what Postgres holds', { detail: '1e400000' }],
    ['an unknown number too small for it', { detail: '[-1e-400000]' }],
    ['an unknown field named twice', { detail: '1, "detail": 2' }],
    ['NUL in a documented field', { url: '"a\\u0000b"' }],
    ['an unpaired surrogate in an unknown field', { detail: '"\\ud800"' }],
    ['a code beyond four bytes', { responseCode: '2147483648' }],
    ['a code beyond a double', { responseCode: '1e400' }],
    ['half a code', { responseCode: '1.5' }],
    ['a number with digits that a double loses', { responseDuration: '123456789012345678901234567890' }],
    ['a time for which a partition of 1700 would be made', { sentAt: '"1700-01-01T00:00:00Z"' }],
    ['a time far ahead', { sentAt: '"2199-01-01T00:00:00Z"' }],
    ['a year that Postgres does not know', { sentAt: '"0000-01-01T00:00:00Z"' }],
    ['another organization', { organizationId: '"2"' }],
  ])('%s', async (_, odd) => {
    const bad = logRowWith(odd);
    await commit(`[ ${bad},\n${logRowWith()} ,${bad}]`);
    expect(await quarantined()).toEqual([{ raw: bad, reason: expect.any(String), copies: 2 }]);
    expect(await stored()).toBe(1);
    const months = await rows(
      `select from pg_class where relname like 'webhook_deliveries_%' and relkind = 'r'`,
    );
    expect(months).toHaveLength(1);
  });

  test('bytes that are no UTF-8, each kept apart', async () => {
    const bad = (byte: number) =>
      Buffer.concat([Buffer.from('{"url":"é'), Buffer.from([byte]), Buffer.from('"}')]);
    await commit(Buffer.concat([Buffer.from('['), bad(0xff), Buffer.from(','), bad(0xfe), Buffer.from(']')]));
    const kept = await quarantined();
    expect(kept.map(({ raw }) => raw)).toEqual(['{"url":"\\u00e9\\udcfe"}', '{"url":"\\u00e9\\udcff"}']);
  });
});

test('a page of 60 million bytes is committed whole', async () => {
  const row = (second: number) =>
    logRowWith({
      sentAt: `"${formatInstant(ASKED.from + second * 1_000_000)}"`,
      detail: `"${'x'.repeat(60_000)}"`,
    });
  const page = `[${Array.from({ length: 990 }, (_, second) => (second % 100 === 50 ? '{}' : row(second))).join(',')}]`;
  expect(page.length).toBeGreaterThan(55_000_000);
  await commit(page);
  expect(await stored()).toBe(980);
  expect((await quarantined()).map(({ copies }) => copies)).toEqual([10]);
});

describe('buckets', () => {
  const bucket = (start: number, width: number, counts: string) =>
    `{"startTs":"${formatInstant(start)}","endTs":"${formatInstant(start + width)}","counts":${counts}}`;
  const good = bucket(ASKED.from, HOUR, '[{"code":200,"count":5}]');

  test.each([
    [
      'more requests than can be counted',
      bucket(ASKED.from + HOUR, HOUR, '[{"code":200,"count":9007199254740992}]'),
    ],
    [
      'a sum that cannot be',
      bucket(ASKED.from + HOUR, HOUR, '[{"code":1,"count":9007199254740991},{"code":1,"count":1}]'),
    ],
    ['a code beyond four bytes', bucket(ASKED.from + HOUR, HOUR, '[{"code":2147483648,"count":1}]')],
    ['a width of centuries', '{"startTs":"1800-01-01T00:00:00Z","endTs":"2100-01-01T00:00:00Z","counts":[]}'],
    [
      'another century',
      bucket(instantOfSeconds(-7_000_000_000 - (-7_000_000_000 % 120)), instantOfSeconds(120), '[]'),
    ],
    ['parts of a second', bucket(ASKED.from + HOUR, 1_500_000, '[]')],
  ])('%s: in quarantine, the others go on', async (_, bad) => {
    await commitReading(bench.owned.database, COUNTS, await readCounts(`[${bad},${good},${bad}]`));
    expect(await quarantined()).toEqual([{ raw: bad, reason: expect.any(String), copies: 2 }]);
    expect(await rows('select request_count from meraki.api_responses')).toHaveLength(1);
  });

  test('two that contradict each other: neither is believed, and their hour stays open', async () => {
    const other = bucket(ASKED.from, HOUR, '[{"code":200,"count":6}]');
    const { refused, claims } = await readCounts(
      `[${good},${other},${bucket(ASKED.from + HOUR, HOUR, '[]')}]`,
    );
    expect(refused.map(({ raw }) => raw)).toEqual([good, other]);
    expect(claims[0]?.final).toEqual([{ from: ASKED.from + HOUR, to: ASKED.from + 2 * HOUR }]);
  });

  test('as wide as in the documentation (90 days): not whole in any window, so nothing is claimed', async () => {
    const width = instantOfSeconds(7_776_000);
    const { claims, refused, tally } = await readCounts(
      `[${bucket(Math.floor(NOW / width) * width, width, '[]')}]`,
    );
    expect({ claims, refused, tally }).toMatchObject({ claims: [], refused: [], tally: { left: 1 } });
  });

  test('of hundreds of thousands of widths and places: an answer that comes to an end', async () => {
    const many = Array.from({ length: 150_000 }, (_, n) =>
      bucket(ASKED.from + 2 * n * 60_000_000, 60_000_000, '[]'),
    );
    const widths = Array.from({ length: 100 }, (_, n) => bucket(0, instantOfSeconds(n + 1), '[]'));
    const { tally } = await readCounts(`[${[...many, ...widths].join(',')}]`);
    expect(tally.received).toBe(150_100);
    expect(tally.taken).toBe(720);
  });
});
