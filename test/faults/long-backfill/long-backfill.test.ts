import { expect, test } from 'vitest';
import { buildProgram } from '../../support/program.ts';
import { runLongBackfill } from './long-backfill.ts';

const ROWS = Number(process.env['BACKFILL_ROWS'] ?? 2_000_000);

test(`I3: a window of ${ROWS} rows ends, though its tokens are refused and its worker is killed`, async () => {
  await buildProgram();
  const result = await runLongBackfill({ rows: ROWS, lifeSeconds: 4, minutesAtMost: 60 });
  process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  expect(result).toMatchObject({ isComplete: true, lost: 0, doubled: 0 });
  expect(result.requests).toBeLessThan(2 * result.leastRequests);
});
