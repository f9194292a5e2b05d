import { type QuarantinedRow, receivedAt, valueInQuarantine } from '../db/quarantined-rows.ts';
import { writeWebhookDeliveries } from '../db/webhook-deliveries.ts';
import { instantOfSeconds } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import type { Judgement, Replayer } from '../sync/replay.ts';
import { packRows } from './packed-rows.ts';
import { deliveryBatchOf, partitionsOf } from './webhook-log-batch.ts';
import { parseWithin } from './webhook-log-page.ts';
import type { NumberedRow } from './webhook-log-row.ts';

const LONGEST_LOOKBACK = instantOfSeconds(90 * 86_400);

/**
 * Rows of the log that pass now. Their copies get the numbers 0, 1, 2 …, which a read by this version would give
 * them too: what it stored meanwhile is known, and what it reads later finds these. Coverage does not change: the
 * pages that held these rows have been claimed.
 */
export const replayWebhookLogs: Replayer = (key, quarantined): Judgement => {
  const judged = quarantined.map((row) => ({ row, ...judge(key, row) }));
  const passed = judged.filter((one) => one.numbered !== undefined);
  const rows = packRows(passed.flatMap((one) => one.numbered ?? []));
  return {
    partitions: partitionsOf(rows),
    widths: [0],
    async write(tx, _before, now) {
      const batch = deliveryBatchOf(key.organizationId, rows);
      const { rowsNew, rowsKnown } = await writeWebhookDeliveries(tx, key.organizationId, batch, now);
      return {
        stored: rowsNew,
        known: rowsKnown,
        leaving: passed.map(({ row }) => row),
        refused: judged.flatMap(({ row, reason }) => (reason === undefined ? [] : [{ row, reason }])),
        claims: [],
      };
    },
  };
};

function judge(
  key: StreamKey,
  row: QuarantinedRow,
): { readonly numbered?: readonly NumberedRow[]; readonly reason?: string } {
  const parsed = parseWithin(key, row.asked ?? likelyWindow(row), valueInQuarantine(row), () => row.raw);
  if (parsed.isRefused) return { reason: parsed.reason };
  return { numbered: Array.from({ length: row.copies }, (_, occurrence) => ({ ...parsed, occurrence })) };
}

/** Of a row from before the window was noted. */
function likelyWindow(row: QuarantinedRow): Range {
  const to = receivedAt(row);
  return { from: to - LONGEST_LOOKBACK, to };
}
