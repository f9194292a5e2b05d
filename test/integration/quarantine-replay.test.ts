/*
 * `quarantine replay` of webhook logs. Rows that an older version refused are put into quarantine by hand, with text that
 * this version understands.
 */
import { describe, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { replayWebhookLogs } from '../../src/streams/replay-webhook-logs.ts';
import { replayQuarantine } from '../../src/sync/replay.ts';
import {
  deliveries,
  left,
  logRow,
  owned,
  quarantine,
  refused,
  replay,
  rows,
  setUpQuarantine,
  start,
} from '../support/quarantined-rows.ts';
import { commitReading, LOGS, NOW, readLogs } from '../support/stream-reads.ts';

setUpQuarantine();

describe('quarantine replay of webhook logs', () => {
  test('stores what passes now with its copies, keeps what does not, and tells both', async () => {
    await quarantine(LOGS, [
      refused(logRow(1), 3),
      refused(logRow(2, { detail: { id: 1 } })),
      refused(logRow(3, { responseCode: 'x' }), 2),
      refused(logRow(-90_000)),
      refused('null'),
    ]);
    const [replayed, exitCode] = await replay();
    expect(exitCode).toBe(7);
    expect(replayed).toMatchObject({ stored: 4, known: 0, refused: 4 });
    expect(replayed?.reasons).toHaveLength(3);
    expect((await deliveries()).length).toBe(4);
    expect(await rows('select extra from meraki.webhook_deliveries where extra is not null')).toEqual([
      { extra: { detail: { id: 1 } } },
    ]);
    expect(await left()).toHaveLength(3);
    expect(await rows('select name from meraki.alert_types')).toEqual([{ name: 'a' }]);
    expect(await start('replay')).toMatchObject({
      ...{ exitCode: 7, stdout: expect.stringContaining('still refused'), stderr: '' },
    });
    expect((await deliveries()).length).toBe(4);
  });

  test('what a read stored meanwhile is known, and what is stored a later read finds', async () => {
    const page = `[${logRow(1)},${logRow(1)},${logRow(2)}]`;
    await quarantine(LOGS, [refused(logRow(1), 2), refused(logRow(5))]);
    await commitReading(owned.database, LOGS, await readLogs(page));
    expect(await replay()).toMatchObject([{ stored: 1, known: 2, refused: 0 }, 0]);
    const before = await deliveries();
    expect(before).toHaveLength(4);
    const again = await commitReading(
      owned.database,
      LOGS,
      await readLogs(`[${page.slice(1, -1)},${logRow(5)}]`),
    );
    expect(again.counts).toMatchObject({ rowsNew: 0, rowsKnown: 4 });
    expect(await deliveries()).toEqual(before);
    expect(await left()).toEqual([]);
  });

  test('only the organization and stream that are named', async () => {
    await quarantine(LOGS, [refused(logRow(1))]);
    expect((await replay('--organization', '2'))[0]).toBeUndefined();
    expect((await replay('--stream', 'api_responses'))[0]).toBeUndefined();
    expect(await replay('--organization', '1')).toMatchObject([{ stored: 1 }, 0]);
  });

  test('a row from before the window was noted', async () => {
    await quarantine(LOGS, [refused(logRow(1)), refused(logRow(400 * 86_400))]);
    await owned.database.pool.query(
      'update meraki_ingest.quarantine set copies = null, asked_from = null, asked_to = null',
    );
    expect(await replay()).toMatchObject([{ stored: 1, refused: 1 }, 7]);
  });

  test('several at once, beside pages that are committed: each row once', async () => {
    await quarantine(
      LOGS,
      Array.from({ length: 1_200 }, (_, second) => refused(logRow(second), 1 + (second % 2))),
    );
    const page = await readLogs(`[${Array.from({ length: 600 }, (_, second) => logRow(second)).join(',')}]`);
    const partitions = new Partitions(owned.database);
    const one = () =>
      replayQuarantine(
        owned.database,
        partitions,
        LOGS,
        replayWebhookLogs,
        () => NOW,
        new AbortController().signal,
      );
    const [first, second, third] = await Promise.all([
      one(),
      one(),
      one(),
      commitReading(owned.database, LOGS, page, { partitions }),
    ]);
    expect(first.stored + second.stored + third.stored).toBeGreaterThanOrEqual(1_200);
    expect(await deliveries()).toHaveLength(1_800);
    expect(await left()).toEqual([]);
  });

  test('stopped between two batches it has moved whole batches, and goes on when run again', async () => {
    await quarantine(
      LOGS,
      Array.from({ length: 1_200 }, (_, second) => refused(logRow(second))),
    );
    const stopping = new AbortController();
    let batches = 0;
    const now = () => {
      batches += 1;
      if (batches === 2) stopping.abort(new Error('stopped'));
      return NOW;
    };
    const partitions = new Partitions(owned.database);
    await expect(
      replayQuarantine(owned.database, partitions, LOGS, replayWebhookLogs, now, stopping.signal),
    ).rejects.toThrow('stopped');
    expect((await deliveries()).length + (await left()).length).toBe(1_200);
    expect(await left()).toHaveLength(200);
    expect(await replay()).toMatchObject([{ stored: 200, known: 0 }, 0]);
    expect(await deliveries()).toHaveLength(1_200);
  });
});
