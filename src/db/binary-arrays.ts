/*
 * One-dimensional arrays as Postgres receives them in binary (`array_recv`): written without a text for each number,
 * and read without parsing one. The driver sends a Buffer as a binary parameter.
 */
import { type Instant, instantOfMilliseconds } from '../instant.ts';

const TIMESTAMPTZ = 1184;
const BIGINT = 20;
const INTEGER = 23;
const HEADER = 20;
/** Postgres counts microseconds from the year 2000. */
const POSTGRES_EPOCH = instantOfMilliseconds(Date.UTC(2000, 0, 1));
/** Before 1715, the difference to that is more than a double holds. */
const EXACT_FROM = POSTGRES_EPOCH - Number.MAX_SAFE_INTEGER;
const UPPER = 2 ** 32;

export function timestamptzArray(instants: readonly Instant[]): Buffer {
  return arrayOf(TIMESTAMPTZ, 8, instants, setTimestamptz);
}

/** Writes an instant as Postgres receives a `timestamptz` in binary: 8 bytes. */
export function setTimestamptz(view: DataView, at: number, instant: Instant): void {
  if (instant < EXACT_FROM) {
    view.setBigInt64(at, BigInt(instant) - BigInt(POSTGRES_EPOCH));
    return;
  }
  const micros = instant - POSTGRES_EPOCH;
  const upper = Math.floor(micros / UPPER);
  view.setInt32(at, upper);
  view.setUint32(at + 4, micros - upper * UPPER);
}

export function bigintArray(bigints: readonly bigint[]): Buffer {
  return arrayOf(BIGINT, 8, bigints, (view, at, bigint) => view.setBigInt64(at, bigint));
}

export function integerArray(integers: readonly number[]): Buffer {
  return arrayOf(INTEGER, 4, integers, (view, at, integer) => view.setInt32(at, integer));
}

function arrayOf<T>(
  type: number,
  size: number,
  values: readonly T[],
  write: (view: DataView, at: number, value: T) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER + values.length * (4 + size));
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  // Dimensions, whether there are nulls, type of the elements; then length and lower bound of the dimension.
  for (const [place, field] of [1, 0, type, values.length, 1].entries()) view.setInt32(4 * place, field);
  let at = HEADER;
  for (const value of values) {
    view.setInt32(at, size);
    write(view, at + 4, value);
    at += 4 + size;
  }
  return buffer;
}
