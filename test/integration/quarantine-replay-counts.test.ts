/* `quarantine replay` of counts, which are final or provisional, and may have been read again meanwhile. */
import { describe, expect, test } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import { formatInstant } from '../../src/instant.ts';
import { rangesOf } from '../../src/ranges.ts';
import { CONTRADICTION } from '../../src/streams/api-response-page.ts';
import {
  bucketAt,
  HOUR,
  left,
  owned,
  quarantine,
  refused,
  replay,
  rows,
  setUpQuarantine,
} from '../support/quarantined-rows.ts';
import { ASKED, COUNTS, commitReading, NOW, readCounts } from '../support/stream-reads.ts';

setUpQuarantine();

describe('quarantine replay of counts', () => {
  const counts = () =>
    rows(`select (extract(epoch from bucket_start - '${formatInstant(ASKED.from)}'::timestamptz) / 3600)::integer as hour,
      request_count::integer as count, is_final, revision from meraki.api_responses order by 1`);
  const coverage = async () => (await readCoverage(owned.database.query, COUNTS)).get(3_600);

  test('I5 a bucket is stored where nothing is, provisionally, and a later read makes it final', async () => {
    await quarantine(COUNTS, [refused(bucketAt(2, 7)), refused(bucketAt(4, 1), 2)]);
    expect(await replay()).toMatchObject([{ stored: 2, known: 1, refused: 0 }, 0]);
    expect(await counts()).toEqual([
      { hour: 2, count: 7, is_final: false, revision: 0 },
      { hour: 4, count: 1, is_final: false, revision: 0 },
    ]);
    expect(await coverage()).toMatchObject({
      final: [],
      provisional: rangesOf(
        { from: ASKED.from + 2 * HOUR, to: ASKED.from + 3 * HOUR },
        { from: ASKED.from + 4 * HOUR, to: ASKED.from + 5 * HOUR },
      ),
    });
    await commitReading(owned.database, COUNTS, await readCounts(`[${bucketAt(1, 3)},${bucketAt(2, 8)}]`));
    expect((await counts())[1]).toEqual({ hour: 2, count: 8, is_final: true, revision: 0 });
  });

  test('I5 final figures are left alone: the bucket was read again, and leaves', async () => {
    await commitReading(owned.database, COUNTS, await readCounts(`[${bucketAt(1, 3)},${bucketAt(2, 8)}]`));
    const before = await counts();
    await quarantine(COUNTS, [refused(bucketAt(2, 7)), refused(bucketAt(1, 99), 1, CONTRADICTION)]);
    expect(await replay()).toMatchObject([{ stored: 0, known: 2, refused: 0 }, 0]);
    expect(await counts()).toEqual(before);
    expect(await rows('select * from meraki_store.api_response_revisions')).toEqual([]);
  });

  test('what cannot be told to be true stays: provisional time, half a bucket, contradictions, no window', async () => {
    const provisional = await readCounts(`[${bucketAt(1, 3)},${bucketAt(2, 8)}]`, ASKED.from);
    await commitReading(owned.database, COUNTS, provisional);
    const before = await counts();
    await quarantine(COUNTS, [refused(bucketAt(2, 7)), refused(bucketAt(5, 1), 1, CONTRADICTION)]);
    await quarantine(COUNTS, [refused(bucketAt(7, 1))], { from: ASKED.from, to: ASKED.from + 7.5 * HOUR });
    await quarantine(COUNTS, [refused(bucketAt(9, 1)), refused('{}')]);
    await owned.database.pool.query(
      `update meraki_ingest.quarantine set asked_from = null, asked_to = null where raw like '%T21:00%'`,
    );
    const [replayed, exitCode] = await replay();
    expect({ replayed, exitCode }).toMatchObject({
      replayed: { stored: 0, known: 0, refused: 5 },
      exitCode: 7,
    });
    expect(await counts()).toEqual(before);
    expect(await left()).toHaveLength(5);
  });

  test('of several readings of one bucket the newest is stored', async () => {
    await quarantine(COUNTS, [refused(bucketAt(2, 7))], ASKED, NOW);
    await quarantine(COUNTS, [refused(bucketAt(2, 9))], ASKED, NOW + HOUR);
    await quarantine(COUNTS, [refused(bucketAt(2, 8))], ASKED, NOW - HOUR);
    expect(await replay()).toMatchObject([{ stored: 1, refused: 2 }, 7]);
    expect(await counts()).toEqual([{ hour: 2, count: 9, is_final: false, revision: 0 }]);
  });
});
