/* Audits of archives that are whole, of sources that answer in other orders and widths: all is found equal. */
import { expect, test } from 'vitest';
import type { Environment } from '../../src/config.ts';
import type { SimulatorOptions } from '../../src/simulator/simulator.ts';
import { rowsOf, setUp } from '../support/audit-bench.ts';

const VARIANTS: readonly {
  readonly name: string;
  readonly options: SimulatorOptions;
  readonly environment?: Environment;
}[] = [
  { name: 'newest rows first', options: { order: 'descending', rows: 300_000 } },
  {
    name: 'pages of 20 rows, newest first, so that windows are cut short',
    options: { order: 'descending', rows: 120_000 },
    environment: { WEBHOOK_LOGS_PER_PAGE: '20' },
  },
  { name: 'idle buckets listed', options: { idleBuckets: 'empty', rows: 30_000 } },
  { name: 'buckets whose width follows the window', options: { intervalRule: 'timespan', rows: 30_000 } },
  { name: 'hourly buckets', options: { rows: 30_000 }, environment: { API_RESPONSES_INTERVAL: '3600' } },
];

test.each(VARIANTS)(
  'audits find an archive of $name equal, and come to its end',
  async ({ options, environment }) => {
    const bench = await setUp(options, environment);
    await bench.sync();
    const outcomes = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const { audits } = await bench.audit({ requests: 20 });
      for (const { outcome } of audits) outcomes.add(outcome);
      const left = await rowsOf(bench, 'select from meraki.verified where verified_share < 1');
      if (left.length === 0) break;
    }
    outcomes.delete('unreadable');
    expect([...outcomes]).toEqual(['equal']);
    const shares = await rowsOf<{ share: number }>(
      bench,
      'select verified_share as share from meraki.verified',
    );
    expect(shares.map(({ share }) => share)).toEqual([1, 1]);
  },
);
