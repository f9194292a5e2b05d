/*
 * Deliveries as `COPY … (format binary)` receives them: nothing is written as text and parsed again, and Postgres puts
 * the rows of a page into the table many at a time.
 */
import type { Instant } from '../instant.ts';
import { setTimestamptz } from './binary-arrays.ts';
import { CopyIn } from './copy-in.ts';
import type { DeliveryColumns, Places } from './delivery-columns.ts';

const COLUMNS = [
  ...[
    'organization_id',
    'sent_at',
    'fingerprint',
    'occurrence',
    'network_key',
    'alert_type_id',
    'endpoint_id',
  ],
  ...['logged_at', 'response_code', 'response_duration_ms', 'loaded_at', 'extra'],
];
/** What the format begins with: its name, flags and the length of more that may follow. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = 2;
/** Of a row: how many fields it has, how long each is, and all but the two that are texts. */
const FIXED = 2 + 4 * COLUMNS.length + 8 * 7 + 4 * 3;
const NULL = -1;
const JSONB_VERSION = 1;

/**
 * Stores deliveries of which none is stored yet.
 *
 * @param places those that are stored, in their order
 */
export function copyOfDeliveries(
  organizationId: string,
  deliveries: DeliveryColumns,
  places: Places,
  loadedAt: Instant,
): CopyIn {
  return new CopyIn(
    `copy meraki_store.webhook_deliveries (${COLUMNS.join(', ')}) from stdin (format binary)`,
    rowsOf(Buffer.from(organizationId), deliveries, places, loadedAt),
  );
}

function rowsOf(organizationId: Buffer, columns: DeliveryColumns, places: Places, loadedAt: Instant): Buffer {
  const extras = places.reduce((sum, place) => sum + extraLength(columns.extra.get(place)), 0);
  const size = HEADER.length + places.length * (FIXED + organizationId.length) + extras + TRAILER;
  const fields = new Fields(size);
  fields.bytes(HEADER);
  for (const place of places) {
    fields.count(COLUMNS.length);
    fields.length(organizationId.length);
    fields.bytes(organizationId);
    fields.timestamptz(columns.sentAt[place]);
    fields.bigint(columns.fingerprint[place]);
    fields.integer(columns.occurrence[place]);
    fields.bigint(columns.networkKey[place]);
    fields.bigint(columns.alertTypeId[place]);
    fields.bigint(columns.endpointId[place]);
    fields.timestamptz(columns.loggedAt[place]);
    fields.integer(columns.responseCode[place]);
    fields.integer(columns.responseDurationMs[place]);
    fields.timestamptz(loadedAt);
    fields.jsonb(columns.extra.get(place));
  }
  fields.count(NULL);
  return fields.buffer;
}

function extraLength(extra: string | undefined): number {
  return extra === undefined ? 0 : 1 + Buffer.byteLength(extra);
}

/** Writes fields one after the other, each with its length before it. A place that no column has is a mistake of ours. */
class Fields {
  readonly buffer: Buffer;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size);
    this.#view = new DataView(this.buffer.buffer, this.buffer.byteOffset, size);
  }

  count(fields: number): void {
    this.#view.setInt16(this.#at, fields);
    this.#at += 2;
  }

  length(bytes: number): void {
    this.#view.setInt32(this.#at, bytes);
    this.#at += 4;
  }

  bytes(bytes: Buffer): void {
    this.buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  integer(value: number = missing()): void {
    this.length(4);
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  bigint(value: bigint = missing()): void {
    this.length(8);
    this.#view.setBigInt64(this.#at, value);
    this.#at += 8;
  }

  timestamptz(value: Instant = missing()): void {
    this.length(8);
    setTimestamptz(this.#view, this.#at, value);
    this.#at += 8;
  }

  jsonb(text: string | undefined): void {
    this.length(text === undefined ? NULL : extraLength(text));
    if (text === undefined) return;
    this.#view.setInt8(this.#at, JSONB_VERSION);
    this.#at += 1;
    this.#at += this.buffer.write(text, this.#at);
  }
}

function missing(): never {
  throw new Error('there is no delivery at this place');
}
