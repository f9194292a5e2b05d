import type { DeliveryIdentities } from '../db/delivery-columns.ts';
import type { NumberedRow } from './webhook-log-row.ts';

/** Rows of the log in columns, for the time between their page and the store. */
export interface PackedRows extends DeliveryIdentities {
  readonly loggedAt: Float64Array;
  readonly responseCode: Int32Array;
  readonly responseDuration: Int32Array;
  readonly networkIds: readonly string[];
  readonly alertTypes: readonly string[];
  readonly urls: readonly string[];
  /** By place, of the few that have any. */
  readonly extra: ReadonlyMap<number, string>;
}

export function packRows(rows: readonly NumberedRow[]): PackedRows {
  const packed = emptyRows(rows.length);
  let place = 0;
  for (const row of rows) {
    packed.sentAt[place] = row.sentAt;
    packed.loggedAt[place] = row.loggedAt;
    packed.fingerprint[place] = row.fingerprint;
    packed.occurrence[place] = row.occurrence;
    packed.responseCode[place] = row.responseCode;
    packed.responseDuration[place] = row.responseDuration;
    packed.networkIds.push(row.networkId);
    packed.alertTypes.push(row.alertType);
    packed.urls.push(row.url);
    if (row.extra !== null) packed.extra.set(place, row.extra);
    place += 1;
  }
  return packed;
}

/** The rows of several pages, one after the other. */
export function joinRows(pages: readonly PackedRows[]): PackedRows {
  const [first] = pages;
  if (first !== undefined && pages.length === 1) return first;
  const joined = emptyRows(pages.reduce((sum, { sentAt }) => sum + sentAt.length, 0));
  let start = 0;
  for (const page of pages) {
    joined.sentAt.set(page.sentAt, start);
    joined.loggedAt.set(page.loggedAt, start);
    joined.fingerprint.set(page.fingerprint, start);
    joined.occurrence.set(page.occurrence, start);
    joined.responseCode.set(page.responseCode, start);
    joined.responseDuration.set(page.responseDuration, start);
    for (const [place, extra] of page.extra) joined.extra.set(start + place, extra);
    start += page.sentAt.length;
  }
  return {
    ...joined,
    networkIds: texts(pages.map(({ networkIds }) => networkIds)),
    alertTypes: texts(pages.map(({ alertTypes }) => alertTypes)),
    urls: texts(pages.map(({ urls }) => urls)),
  };
}

function texts(pages: readonly (readonly string[])[]): readonly string[] {
  return ([] as readonly string[]).concat(...pages);
}

function emptyRows(length: number) {
  return {
    sentAt: new Float64Array(length),
    loggedAt: new Float64Array(length),
    fingerprint: new BigInt64Array(length),
    occurrence: new Int32Array(length),
    responseCode: new Int32Array(length),
    responseDuration: new Int32Array(length),
    networkIds: [] as string[],
    alertTypes: [] as string[],
    urls: [] as string[],
    extra: new Map<number, string>(),
  } satisfies PackedRows;
}
