/*
 * What is stored of a stretch of time, in one short line: a read that gives the same rows again has nothing to write,
 * and need not send them to find that out. Whoever writes deliveries of an organization holds its coverage, so nothing
 * changes between the look and the write.
 */
import { sql } from 'drizzle-orm';
import { formatInstant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { Transaction } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';

/** What identifies a stored delivery, its time being in its fingerprint. */
interface Identified {
  readonly fingerprint: bigint;
  readonly occurrence: number;
}

/**
 * Of a set of deliveries: equal sets have equal digests. Fingerprints are 64 bits of hash; two sets of as many rows
 * that differ and agree in sum, exclusive or and weighted sum are less likely than two rows of one fingerprint, which
 * the archive takes for one.
 */
export interface DeliveryDigest {
  readonly rows: number;
  /** The time they lie in; `undefined` when there are none. */
  readonly within: Range | undefined;
  readonly sum: bigint;
  readonly xor: bigint;
  /** Upper halves, each as often as its copy's number and once more: tells which copies there are. */
  readonly weighted: bigint;
}

interface FoundDigest extends Record<string, unknown> {
  readonly rows: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly sum: string;
  readonly xor: string;
  readonly weighted: string;
}

/** The digest of what is stored of `span`. */
export async function storedDigest(
  tx: Transaction,
  organizationId: string,
  { from, to }: Range,
): Promise<DeliveryDigest> {
  const { rows } = await tx.execute<FoundDigest>(sql`
    select count(*)::integer as rows, min(sent_at)::text as first, max(sent_at)::text as last, coalesce(sum(fingerprint), 0)::text as sum,
      coalesce(bit_xor(fingerprint), 0)::text as xor,
      coalesce(sum((fingerprint >> 32) * (occurrence + 1)), 0)::text as weighted
    from meraki_store.webhook_deliveries where organization_id = ${organizationId}
      and sent_at >= ${formatInstant(from)}::timestamptz and sent_at < ${formatInstant(to)}::timestamptz`);
  const [found] = rows;
  if (found === undefined) throw new Error('an aggregate gave no row');
  return {
    rows: found.rows,
    within:
      found.first === null || found.last === null
        ? undefined
        : { from: parseDatabaseInstant(found.first), to: parseDatabaseInstant(found.last) + 1 },
    sum: BigInt(found.sum),
    xor: BigInt(found.xor),
    weighted: BigInt(found.weighted),
  };
}

/** Whether `deliveries`, of which none is there twice, are what the digest is of. */
export function isDigestOf(digest: DeliveryDigest, deliveries: readonly Identified[]): boolean {
  if (digest.rows !== deliveries.length) return false;
  let [sum, xor, weighted] = [0n, 0n, 0n];
  for (const { fingerprint, occurrence } of deliveries) {
    sum += fingerprint;
    xor ^= fingerprint;
    weighted += (fingerprint >> 32n) * BigInt(occurrence + 1);
  }
  return sum === digest.sum && xor === digest.xor && weighted === digest.weighted;
}
