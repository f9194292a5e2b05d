import xxhash from 'xxhash-wasm';

const { h64 } = await xxhash();

/**
 * 64-bit hash (XXH64) of a text, signed, which is what a Postgres `bigint` holds. The same on every machine and in
 * every version: stored ids depend on it.
 */
export function hashOf(text: string): bigint {
  return BigInt.asIntN(64, h64(text));
}

/** {@link hashOf} as a decimal. */
export function hash64(text: string): string {
  return hashOf(text).toString();
}
