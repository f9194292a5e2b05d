import { closeSync, openSync, readSync } from 'node:fs';
import pg from 'pg';
import { copyIn } from '../../reports/archive/copy-in.ts';
import { timed } from './timed.ts';

const CHUNK = 256 * 1_024;

/** Plain COPY of a file into a logged table without indexes or partitions. */
export async function main([url = '', path = '', rows]: readonly string[]): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('drop table if exists plain_copy');
    await client.query('create table plain_copy (like meraki_store.webhook_deliveries)');
    await timed(async () => {
      await copyIn(client, 'copy plain_copy from stdin', chunksOf(path));
      return Number(rows);
    });
  } finally {
    await client.end();
  }
  return 0;
}

function* chunksOf(path: string): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    for (;;) {
      // The connection keeps what it has not sent yet, so memory is not used twice.
      const chunk = Buffer.allocUnsafeSlow(CHUNK);
      const read = readSync(file, chunk, 0, CHUNK, null);
      if (read === 0) return;
      yield chunk.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}
