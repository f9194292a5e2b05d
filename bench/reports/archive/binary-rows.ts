/*
 * Rows in Postgres's binary COPY format, which costs both sides less than text. Numbers of 64 bits are written as two
 * halves, since BigInt is slow.
 */
import { type Instant, instantOfMilliseconds } from '../../../src/instant.ts';

const SIGNATURE = [0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const CHUNK = 256 * 1_024;
/** What may be written before anybody looks whether it is full: a burst of a few hundred rows. */
const MARGIN = 256 * 1_024;
const POSTGRES_EPOCH = instantOfMilliseconds(Date.UTC(2000, 0, 1));
const UPPER = 2 ** 32;

/** A value as it stands in a row: its length, then its bytes. */
export type Field = Buffer;

export function textField(text: string): Field {
  const bytes = Buffer.from(text);
  const field = Buffer.alloc(4 + bytes.length);
  field.writeInt32BE(bytes.length);
  bytes.copy(field, 4);
  return field;
}

/** A `bigint` given as decimal text, such as a hash. */
export function bigintField(decimal: string): Field {
  const field = Buffer.alloc(12);
  field.writeInt32BE(8);
  field.writeBigInt64BE(BigInt(decimal), 4);
  return field;
}

/** A buffer that rows are written to, until it is {@link full} and its contents are taken. */
export class BinaryRows {
  readonly #bytes = Buffer.alloc(CHUNK + MARGIN);
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
  #end = SIGNATURE.length;

  constructor() {
    this.#bytes.set(SIGNATURE);
  }

  get full(): boolean {
    return this.#end >= CHUNK;
  }

  /** The bytes written since the last time; they are overwritten by the next row. */
  take(): Buffer {
    const chunk = this.#bytes.subarray(0, this.#end);
    this.#end = 0;
    return chunk;
  }

  beginRow(fields: number): void {
    this.#view.setInt16(this.#end, fields);
    this.#end += 2;
  }

  field(field: Field): void {
    this.#bytes.set(field, this.#end);
    this.#end += field.length;
  }

  integer(value: number): void {
    this.#view.setInt32(this.#end, 4);
    this.#view.setInt32(this.#end + 4, value);
    this.#end += 8;
  }

  /** A `bigint` from a number that a double holds exactly. */
  bigint(value: number): void {
    const upper = Math.floor(value / UPPER);
    this.halves(upper, value - upper * UPPER);
  }

  /** A `bigint` from its upper and lower 32 bits. */
  halves(upper: number, lower: number): void {
    this.#view.setInt32(this.#end, 8);
    this.#view.setInt32(this.#end + 4, upper);
    this.#view.setUint32(this.#end + 8, lower);
    this.#end += 12;
  }

  instant(instant: Instant): void {
    this.bigint(instant - POSTGRES_EPOCH);
  }

  /** Writes the mark that ends the data. */
  finish(): void {
    this.#view.setInt16(this.#end, -1);
    this.#end += 2;
  }
}
