/*
 * One-dimensional arrays as Postgres receives them in binary (`array_recv`): written without a text for each number,
 * and read without parsing one. The driver sends a Buffer as a binary parameter.
 */
import type { Instant } from '../instant.ts';

const TIMESTAMPTZ = 1184;
const BIGINT = 20;
const INTEGER = 23;
const HEADER = 20;
/** Postgres counts microseconds from the year 2000. */
const POSTGRES_EPOCH = 946_684_800_000_000n;

export function timestamptzArray(instants: readonly Instant[]): Buffer {
  return arrayOf(TIMESTAMPTZ, 8, instants, (buffer, at, instant) => {
    // Before 1715, the difference is more than a double holds.
    buffer.writeBigInt64BE(BigInt(instant) - POSTGRES_EPOCH, at);
  });
}

/** @param decimals since a double does not hold 64 bits */
export function bigintArray(decimals: readonly string[]): Buffer {
  return arrayOf(BIGINT, 8, decimals, (buffer, at, decimal) => buffer.writeBigInt64BE(BigInt(decimal), at));
}

export function integerArray(integers: readonly number[]): Buffer {
  return arrayOf(INTEGER, 4, integers, (buffer, at, integer) => buffer.writeInt32BE(integer, at));
}

function arrayOf<T>(
  type: number,
  size: number,
  values: readonly T[],
  write: (buffer: Buffer, at: number, value: T) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER + values.length * (4 + size));
  // Dimensions, whether there are nulls, type of the elements; then length and lower bound of the dimension.
  let at = 0;
  for (const field of [1, 0, type, values.length, 1]) at = buffer.writeInt32BE(field, at);
  for (const value of values) {
    buffer.writeInt32BE(size, at);
    write(buffer, at + 4, value);
    at += 4 + size;
  }
  return buffer;
}
