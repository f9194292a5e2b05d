/*
 * What is stored of a stretch of time, in one short line: a read that gives the same rows again has nothing to write,
 * and need not send them to find that out. Whoever writes deliveries of an organization holds its coverage, so nothing
 * changes between the look and the write.
 */
import { sql } from 'drizzle-orm';
import { formatInstant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { Transaction } from './database.ts';
import { allPlaces, copyAt, type DeliveryIdentities } from './delivery-columns.ts';
import { parseDatabaseInstant } from './multirange.ts';

/** A stored delivery, told by its fingerprint, which its time is part of. */
interface Copy {
  readonly fingerprint: bigint;
  readonly occurrence: number;
}

/**
 * Of a set of deliveries: equal sets have equal digests. Fingerprints are 64 bits of hash; two sets of as many rows
 * that differ and agree in sum, exclusive or and weighted sum are less likely than two rows of one fingerprint, which
 * the archive takes for one.
 */
interface Digest {
  readonly rows: number;
  readonly sum: bigint;
  readonly xor: bigint;
  /** Upper halves, each as often as its copy's number and once more: tells which copies there are. */
  readonly weighted: bigint;
}

/** The digest of what is stored of a span. */
export interface StoredDigest extends Digest {
  /** The time they lie in; `undefined` when there are none. */
  readonly within: Range | undefined;
  /** Those of the span's first and last instant, which rows of other pages may share. */
  readonly edges: readonly Copy[];
}

interface FoundDigest extends Record<string, unknown> {
  readonly rows: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly sum: string;
  readonly xor: string;
  readonly weighted: string;
  readonly edges: readonly string[];
}

/** The digest of what is stored of `span`. */
export async function storedDigest(
  tx: Transaction,
  organizationId: string,
  { from, to }: Range,
): Promise<StoredDigest> {
  const [first, last] = [from, to - 1].map((instant) => sql`${formatInstant(instant)}::timestamptz`);
  const { rows } = await tx.execute<FoundDigest>(sql`
    select count(*)::integer as rows, min(sent_at)::text as first, max(sent_at)::text as last,
      coalesce(sum(fingerprint), 0)::text as sum, coalesce(bit_xor(fingerprint), 0)::text as xor,
      coalesce(sum((fingerprint >> 32) * (occurrence + 1)), 0)::text as weighted,
      coalesce(array_agg(fingerprint::text || ' ' || occurrence)
        filter (where sent_at = ${first} or sent_at = ${last}), '{}') as edges
    from meraki_store.webhook_deliveries
    where organization_id = ${organizationId} and sent_at >= ${first} and sent_at <= ${last}`);
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
    edges: found.edges.map((edge) => {
      const [fingerprint = '', occurrence] = edge.split(' ');
      return { fingerprint: BigInt(fingerprint), occurrence: Number(occurrence) };
    }),
  };
}

/**
 * Whether `deliveries`, of which none is there twice, are what is stored of their span, but for rows of other pages that
 * share its first or last instant.
 */
export function areAllStored(stored: StoredDigest, deliveries: DeliveryIdentities): boolean {
  const own = digestOf(deliveries.fingerprint, deliveries.occurrence);
  if (isSame(own, stored)) return true;
  if (own.rows >= stored.rows) return false;
  const copies = new Set(allPlaces(deliveries).map((place) => copyAt(deliveries, place)));
  const edges = stored.edges.filter(
    ({ fingerprint, occurrence }) => !copies.has(`${fingerprint} ${occurrence}`),
  );
  const others = digestOf(
    edges.map(({ fingerprint }) => fingerprint),
    edges.map(({ occurrence }) => occurrence),
  );
  return isSame(stored, {
    rows: own.rows + others.rows,
    sum: own.sum + others.sum,
    xor: own.xor ^ others.xor,
    weighted: own.weighted + others.weighted,
  });
}

/** @param occurrences of the same deliveries, in the same order */
function digestOf(fingerprints: ArrayLike<bigint>, occurrences: ArrayLike<number>): Digest {
  let [sum, xor, weighted] = [0n, 0n, 0n];
  for (let place = 0; place < fingerprints.length; place += 1) {
    const fingerprint = fingerprints[place] ?? 0n;
    sum += fingerprint;
    xor ^= fingerprint;
    weighted += (fingerprint >> 32n) * BigInt((occurrences[place] ?? 0) + 1);
  }
  return { rows: fingerprints.length, sum, xor, weighted };
}

function isSame(a: Digest, b: Digest): boolean {
  return a.rows === b.rows && a.sum === b.sum && a.xor === b.xor && a.weighted === b.weighted;
}
