import pg from 'pg';
import { CopyIn } from '../../../src/db/copy-in.ts';
import { copyOfDeliveries, type WebhookDelivery } from '../../../src/db/delivery-rows.ts';
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
  const { data } = copyOfDeliveries(page[0]?.organizationId ?? '', page.map(deliveryOf), now);
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

function deliveryOf(row: Row): WebhookDelivery {
  const key = keysOf(row.organizationId);
  return {
    sentAt: parseInstant(row.sentAt) ?? 0,
    loggedAt: parseInstant(row.loggedAt) ?? 0,
    fingerprint: hashOf(JSON.stringify(Object.values(row))),
    occurrence: 0,
    networkKey: networkKey(row.networkId),
    alertTypeId: key(row.alertType),
    endpointId: key(row.url),
    responseCode: row.responseCode,
    responseDurationMs: row.responseDuration,
    extra: null,
  };
}
