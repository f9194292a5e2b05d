import xxhash from 'xxhash-wasm';

const { h64 } = await xxhash();

/**
 * 64-bit hash (XXH64) of a text as a signed decimal, which is what a Postgres `bigint` holds. The same on every
 * machine and in every version: stored ids depend on it.
 */
export function hash64(text: string): string {
  return BigInt.asIntN(64, h64(text)).toString();
}
