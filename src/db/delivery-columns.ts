/*
 * Deliveries in columns: what stands at one place of each belongs to one delivery. Thousands wait to be stored at any
 * time; numbers that lie side by side are not made one by one, and the garbage collector does not look at them.
 */

/** What tells deliveries of an organization from one another. */
export interface DeliveryIdentities {
  /** Instants. */
  readonly sentAt: Float64Array;
  readonly fingerprint: BigInt64Array;
  readonly occurrence: Int32Array;
}

/** Deliveries, ready to be stored. */
export interface DeliveryColumns extends DeliveryIdentities {
  /** Instants. */
  readonly loggedAt: Float64Array;
  readonly networkKey: BigInt64Array;
  readonly alertTypeId: BigInt64Array;
  readonly endpointId: BigInt64Array;
  readonly responseCode: Int32Array;
  readonly responseDurationMs: Int32Array;
  /** Of the few that have any, by place: fields that this version does not know, a JSON object kept as it came. */
  readonly extra: ReadonlyMap<number, string>;
}

/** Places in columns, in the order in which their deliveries are meant. */
export type Places = readonly number[];

export function allPlaces({ sentAt }: DeliveryIdentities): Places {
  return Array.from(sentAt, (_, place) => place);
}

/** By time, as the index has them: rows that follow one another there cost less to insert. */
export function inOrder({ sentAt }: DeliveryIdentities, places: Places): Places {
  const sent = places.map((place) => sentAt[place] ?? 0);
  const steps = sent.slice(1).map((instant, index) => Math.sign(instant - (sent[index] ?? instant)));
  if (steps.every((step) => step >= 0)) return places;
  if (steps.every((step) => step <= 0)) return places.toReversed();
  return places.toSorted((a, b) => (sentAt[a] ?? 0) - (sentAt[b] ?? 0));
}

/** The same without the deliveries that came twice. */
export function inOrderOnce(columns: DeliveryIdentities, places: Places): Places {
  const { sentAt } = columns;
  const ordered = inOrder(columns, places);
  let seen = new Set<string>();
  return ordered.filter((place, index) => {
    const sharesBefore = index > 0 && sentAt[ordered[index - 1] ?? 0] === sentAt[place];
    const sharesNext = index + 1 < ordered.length && sentAt[ordered[index + 1] ?? 0] === sentAt[place];
    if (!sharesBefore && !sharesNext) return true;
    if (!sharesBefore) seen = new Set();
    const copy = copyAt(columns, place);
    if (seen.has(copy)) return false;
    seen.add(copy);
    return true;
  });
}

/** A text that tells a delivery from all others. */
export function copyAt({ fingerprint, occurrence }: DeliveryIdentities, place: number): string {
  return `${fingerprint[place]} ${occurrence[place]}`;
}
