import { hash64 } from '../../../src/streams/hash.ts';
import { memberKey } from '../../../src/streams/webhook-log-row.ts';
import type { Fact } from './facts-copy.ts';

export interface Row {
  readonly organizationId: string;
  readonly networkId: string;
  readonly alertType: string;
  readonly url: string;
  readonly sentAt: string;
  readonly loggedAt: string;
  readonly responseCode: number;
  readonly responseDuration: number;
}

const DAY = 86_400_000;
const LONGEST_WINDOW = 31 * DAY;

/** Pages of the log of all organizations, as {@link rawPages} has them, with their rows as facts. */
export async function* obviousPages(
  baseUrl: string,
  from: number,
  until: number,
): AsyncGenerator<readonly Fact[]> {
  for await (const rows of rawPages(baseUrl, from, until)) yield rows.map(factOf);
}

/** Pages of the log of all organizations, one after the other, as an obvious script asks for them. */
export async function* rawPages(
  baseUrl: string,
  from: number,
  until: number,
): AsyncGenerator<readonly Row[]> {
  const organizations = (await (await fetch(`${baseUrl}/organizations`)).json()) as { id: string }[];
  for (const { id } of organizations) {
    for (let t0 = from; t0 < until; t0 += LONGEST_WINDOW) {
      const t1 = Math.min(until, t0 + LONGEST_WINDOW);
      const query = `t0=${new Date(t0).toISOString()}&t1=${new Date(t1).toISOString()}&perPage=1000`;
      let next: string | undefined = `${baseUrl}/organizations/${id}/webhooks/logs?${query}`;
      while (next !== undefined) {
        const answer: Response = await fetch(next);
        const rows = (await answer.json()) as Row[];
        if (rows.length > 0) yield rows;
        next = /<([^>]+)>; rel=next/.exec(answer.headers.get('link') ?? '')?.[1];
      }
    }
  }
}

function factOf(row: Row): Fact {
  return {
    organizationId: row.organizationId,
    sentAt: row.sentAt,
    fingerprint: BigInt(hash64(JSON.stringify(Object.values(row)))),
    occurrence: 0,
    networkKey: BigInt(hash64(row.networkId)),
    alertTypeId: BigInt(memberKey(row.organizationId, row.alertType)),
    endpointId: BigInt(memberKey(row.organizationId, row.url)),
    loggedAt: row.loggedAt,
    responseCode: row.responseCode,
    responseDurationMs: row.responseDuration,
    loadedAt: new Date().toISOString(),
  };
}
