import pg from 'pg';
import { type Fact, MAKE_FACTS_COPY } from './facts-copy.ts';
import { obviousPages } from './obvious-pages.ts';
import { timed } from './timed.ts';

const INSERT = `insert into facts_copy values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, null)
  on conflict do nothing`;

/** Fetches page after page and inserts row by row, each in a transaction of its own. */
export async function main([url = '', baseUrl = '', from, until, most]: readonly string[]): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(MAKE_FACTS_COPY);
    await timed(async () => {
      let rows = 0;
      for await (const page of obviousPages(baseUrl, Number(from), Number(until))) {
        for (const fact of page.slice(0, Number(most) - rows)) {
          await client.query({ name: 'insert', text: INSERT, values: valuesOf(fact) });
          rows += 1;
        }
        if (rows >= Number(most)) break;
      }
      return rows;
    });
  } finally {
    await client.end();
  }
  return 0;
}

function valuesOf(fact: Fact): unknown[] {
  return [
    fact.organizationId,
    fact.sentAt,
    fact.fingerprint,
    fact.occurrence,
    fact.networkKey,
    fact.alertTypeId,
    fact.endpointId,
    fact.loggedAt,
    fact.responseCode,
    fact.responseDurationMs,
    fact.loadedAt,
  ];
}
