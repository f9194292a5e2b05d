import type { DimensionMember } from '../db/dimensions.ts';
import type { WebhookDeliveryBatch, WebhookDeliveryContents } from '../db/webhook-deliveries.ts';
import type { Instant } from '../instant.ts';
import { spanOf } from '../ranges.ts';
import type { Reading } from '../sync/stream.ts';
import { hash64 } from './hash.ts';
import type { PackedRows } from './packed-rows.ts';
import { maskUrl } from './receiver-url.ts';
import { memberKey } from './webhook-log-row.ts';

/** Deliveries to be stored, with the dimension members they name. */
export function deliveryBatchOf(organizationId: string, rows: PackedRows): WebhookDeliveryBatch {
  return { identities: rows, contents: () => contentsOf(organizationId, rows) };
}

function contentsOf(organizationId: string, rows: PackedRows): WebhookDeliveryContents {
  const keyOf = (text: string) => memberKey(organizationId, text);
  const networks = new Members(hash64, rows.sentAt);
  const alertTypes = new Members(keyOf, rows.sentAt);
  const endpoints = new Members(keyOf, rows.sentAt);
  const deliveries = {
    ...rows,
    networkKey: networks.keysOf(rows.networkIds),
    alertTypeId: alertTypes.keysOf(rows.alertTypes),
    endpointId: endpoints.keysOf(rows.urls),
    responseDurationMs: rows.responseDuration,
  };
  return {
    deliveries,
    networks: networks.all,
    alertTypes: alertTypes.all,
    endpoints: endpoints.all.map((member) => ({ ...member, ...maskUrl(member.text) })),
  };
}

/** The members of a dimension that rows name, each hashed once. */
class Members {
  readonly #keyOf: (text: string) => string;
  readonly #sentAt: Float64Array;
  readonly #members = new Map<string, SeenMember>();

  /** @param sentAt when each row was sent */
  constructor(keyOf: (text: string) => string, sentAt: Float64Array) {
    this.#keyOf = keyOf;
    this.#sentAt = sentAt;
  }

  get all(): readonly DimensionMember[] {
    return [...this.#members].map(([text, { id, firstAt, lastAt }]) => ({
      key: String(id),
      text,
      firstAt,
      lastAt,
    }));
  }

  /** @param texts what the rows name, of each row one */
  keysOf(texts: readonly string[]): BigInt64Array {
    const keys = new BigInt64Array(texts.length);
    for (const [place, text] of texts.entries()) keys[place] = this.#see(text, this.#sentAt[place] ?? 0);
    return keys;
  }

  /** @returns the member's key */
  #see(text: string, at: Instant): bigint {
    const known = this.#members.get(text);
    if (known === undefined) {
      const id = BigInt(this.#keyOf(text));
      this.#members.set(text, { id, firstAt: at, lastAt: at });
      return id;
    }
    if (at < known.firstAt) known.firstAt = at;
    if (at > known.lastAt) known.lastAt = at;
    return known.id;
  }
}

interface SeenMember {
  readonly id: bigint;
  firstAt: Instant;
  lastAt: Instant;
}

/** Where rows of a page go. */
export function partitionsOf({ sentAt }: PackedRows): Reading['partitions'] {
  return sentAt.length === 0 ? [] : [{ table: 'webhook_deliveries', range: spanOf(sentAt) }];
}
