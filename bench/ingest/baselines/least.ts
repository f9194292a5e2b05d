import pg from 'pg';
import { CopyIn } from '../../../src/db/copy-in.ts';
import { allPlaces, type DeliveryColumns } from '../../../src/db/delivery-columns.ts';
import { copyOfDeliveries } from '../../../src/db/delivery-rows.ts';
import { instantOfMilliseconds, parseInstant } from '../../../src/instant.ts';
import { hash64, hashOf } from '../../../src/streams/hash.ts';
import { remembered } from '../../../src/streams/remembered.ts';
import { memberKey } from '../../../src/streams/webhook-log-row.ts';
import { MAKE_FACTS_COPY } from './facts-copy.ts';
import { type Row, rawPages } from './obvious-pages.ts';
import { timed } from './timed.ts';

/** The least that has to be done: fetches pages, and copies each into a table like the facts while the next one comes. */
export async function main([url = '', baseUrl = '', from, until]: readonly string[]): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(MAKE_FACTS_COPY);
    await timed(async () => {
      let rows = 0;
      let copied = Promise.resolve();
      for await (const page of rawPages(baseUrl, Number(from), Number(until))) {
        await copied;
        copied = copyPage(client, page);
        rows += page.length;
      }
      await copied;
      return rows;
    });
  } finally {
    await client.end();
  }
  return 0;
}

function copyPage(client: pg.Client, page: readonly Row[]): Promise<void> {
  const now = instantOfMilliseconds(Date.now());
  const deliveries = deliveriesOf(page);
  const { data } = copyOfDeliveries(page[0]?.organizationId ?? '', deliveries, allPlaces(deliveries), now);
  const copy = new CopyIn('copy facts_copy from stdin (format binary)', data);
  return new Promise((resolve, reject) => {
    copy.once('end', () => resolve());
    copy.once('error', reject);
    client.query(copy);
  });
}

const networkKey = remembered((text) => BigInt(hash64(text)));
/** Each of one organization: pages come one organization after the other. */
const keysOf = remembered((organizationId) => remembered((text) => BigInt(memberKey(organizationId, text))));

function deliveriesOf(page: readonly Row[]): DeliveryColumns {
  const key = keysOf(page[0]?.organizationId ?? '');
  return {
    sentAt: Float64Array.from(page, (row) => parseInstant(row.sentAt) ?? 0),
    loggedAt: Float64Array.from(page, (row) => parseInstant(row.loggedAt) ?? 0),
    fingerprint: BigInt64Array.from(page, (row) => hashOf(JSON.stringify(Object.values(row)))),
    occurrence: new Int32Array(page.length),
    networkKey: BigInt64Array.from(page, (row) => networkKey(row.networkId)),
    alertTypeId: BigInt64Array.from(page, (row) => key(row.alertType)),
    endpointId: BigInt64Array.from(page, (row) => key(row.url)),
    responseCode: Int32Array.from(page, (row) => row.responseCode),
    responseDurationMs: Int32Array.from(page, (row) => row.responseDuration),
    extra: new Map(),
  };
}
