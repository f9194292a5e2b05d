import { summarize } from '../db/archive-summary.ts';
import type { Archive } from './archive.ts';
import type { Comparison } from './compare-with-truth.ts';
import {
  formatNumber,
  formatShare,
  formatSpan,
  type Output,
  paintFor,
  say,
  sayJson,
  table,
} from './output.ts';

export interface DemoReport {
  readonly archive: Archive;
  readonly comparison: Comparison;
  readonly open: { readonly gaps: number; readonly quarantined: number };
  /** Rows that this run added. */
  readonly newRows: number;
  readonly milliseconds: number;
  readonly output: Output;
  readonly json: boolean;
}

/** Prints what the archive holds, how it compares with the truth, and what to do next. */
export async function reportDemo(report: DemoReport): Promise<void> {
  const { archive, comparison, open, newRows, milliseconds, output, json } = report;
  const organizations = await summarize(archive.database.query);
  if (json) {
    sayJson(output, { organizations, comparison, ...open, newRows, milliseconds });
    return;
  }
  const paint = paintFor(output);
  say(output);
  say(
    output,
    table(
      ['organization', 'deliveries', 'from', 'to', 'succeeded', 'fails most', 'API requests', '429'],
      organizations.map((row) => [
        row.state === 'active' ? row.name : `${row.name} (paused: ${row.state.replace('_', ' ')})`,
        row.deliveries,
        row.first_delivery?.slice(0, 10) ?? '–',
        row.last_delivery?.slice(0, 10) ?? '–',
        formatShare(row.success_ratio),
        row.worst_receiver === null
          ? '–'
          : `${row.worst_receiver} (${formatNumber(row.worst_failures ?? 0)})`,
        row.requests,
        formatShare(row.rate_limited_ratio),
      ]),
      ['deliveries', 'succeeded', 'API requests', '429'],
    ),
  );
  say(output);
  const { deliveries, deliveriesWrong, buckets, bucketsWrong } = comparison;
  const exact = deliveriesWrong + bucketsWrong + open.gaps + open.quarantined === 0;
  const verdict = exact ? paint.green('Exact.') : paint.red('Not exact.');
  say(
    output,
    `${formatNumber(newRows)} new rows (deliveries and counts) in ${formatSpan(milliseconds / 1_000)}. ${verdict} Compared with the simulator's truth, value by value: ${formatNumber(deliveries)} deliveries ` +
      `(${formatNumber(deliveriesWrong)} wrong), ${formatNumber(buckets)} buckets ` +
      `(${formatNumber(bucketsWrong)} wrong), ${formatNumber(open.gaps)} gaps, ` +
      `${formatNumber(open.quarantined)} rows in quarantine.`,
  );
  say(output);
  say(output, paint.bold('Next'));
  const { reader } = archive.opened;
  if (reader === undefined) {
    say(output, '  look       psql "$DATABASE_URL" -c "select * from meraki.webhook_endpoint_health"');
  } else {
    say(
      output,
      '  look       npm run demo     (leaves Postgres running meanwhile), then in another terminal:',
    );
    say(output, `             psql '${reader.uri}' -c 'select * from meraki.webhook_endpoint_health'`);
    say(output, `  BI tools   user meraki_reader, password in ${reader.passwordFile}`);
  }
  say(output, '  for real   MERAKI_DASHBOARD_API_KEY=… npm start');
}
