/*
 * Deliveries as `COPY … (format binary)` receives them: nothing is written as text and parsed again, and Postgres puts
 * the rows of a page into the table many at a time.
 */
import type { Instant } from '../instant.ts';
import { setTimestamptz } from './binary-arrays.ts';
import { CopyIn } from './copy-in.ts';

/** One delivery, ready to be stored. */
export interface WebhookDelivery {
  readonly sentAt: Instant;
  readonly loggedAt: Instant;
  readonly fingerprint: bigint;
  readonly occurrence: number;
  readonly networkKey: bigint;
  readonly alertTypeId: bigint;
  readonly endpointId: bigint;
  readonly responseCode: number;
  readonly responseDurationMs: number;
  /** Fields of the row that this version does not know, as a JSON object kept as it came. */
  readonly extra: string | null;
}

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

/** Stores deliveries of which none is stored yet. */
export function copyOfDeliveries(
  organizationId: string,
  deliveries: readonly WebhookDelivery[],
  loadedAt: Instant,
): CopyIn {
  return new CopyIn(
    `copy meraki_store.webhook_deliveries (${COLUMNS.join(', ')}) from stdin (format binary)`,
    rowsOf(Buffer.from(organizationId), deliveries, loadedAt),
  );
}

function rowsOf(organizationId: Buffer, deliveries: readonly WebhookDelivery[], loadedAt: Instant): Buffer {
  const extras = deliveries.reduce((sum, { extra }) => sum + extraLength(extra), 0);
  const size = HEADER.length + deliveries.length * (FIXED + organizationId.length) + extras + TRAILER;
  const fields = new Fields(size);
  fields.bytes(HEADER);
  for (const row of deliveries) {
    fields.count(COLUMNS.length);
    fields.length(organizationId.length);
    fields.bytes(organizationId);
    fields.timestamptz(row.sentAt);
    fields.bigint(row.fingerprint);
    fields.integer(row.occurrence);
    fields.bigint(row.networkKey);
    fields.bigint(row.alertTypeId);
    fields.bigint(row.endpointId);
    fields.timestamptz(row.loggedAt);
    fields.integer(row.responseCode);
    fields.integer(row.responseDurationMs);
    fields.timestamptz(loadedAt);
    fields.jsonb(row.extra);
  }
  fields.count(NULL);
  return fields.buffer;
}

function extraLength(extra: string | null): number {
  return extra === null ? 0 : 1 + Buffer.byteLength(extra);
}

/** Writes fields one after the other, each with its length before it. */
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

  integer(value: number): void {
    this.length(4);
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  bigint(value: bigint): void {
    this.length(8);
    this.#view.setBigInt64(this.#at, value);
    this.#at += 8;
  }

  timestamptz(value: Instant): void {
    this.length(8);
    setTimestamptz(this.#view, this.#at, value);
    this.#at += 8;
  }

  jsonb(text: string | null): void {
    this.length(text === null ? NULL : extraLength(text));
    if (text === null) return;
    this.#view.setInt8(this.#at, JSONB_VERSION);
    this.#at += 1;
    this.#at += this.buffer.write(text, this.#at);
  }
}
