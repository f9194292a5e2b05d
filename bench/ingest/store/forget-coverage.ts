import pg from 'pg';
import { formatInstant } from '../../../src/instant.ts';
import type { Range } from '../../../src/ranges.ts';

/** Has the archive forget that it read this time, and keep what it read: the next sync reads it again. */
export async function forgetCoverage(url: string, { from, to }: Range): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `update meraki_ingest.coverage set final = final - tstzmultirange(tstzrange($1, $2)),
         provisional = provisional - tstzmultirange(tstzrange($1, $2)),
         counted = counted - tstzmultirange(tstzrange($1, $2))
       where stream = 'webhook_logs'`,
      [formatInstant(from), formatInstant(to)],
    );
  } finally {
    await client.end();
  }
}
