/** A stream of pseudo-random numbers that is the same on every machine for the same seed. */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** A whole number, at least 0 and below `below`. */
  integer(below: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the values of a list that is not empty. */
  pick<T>(values: readonly T[]): T;
}

/**
 * Starts a stream for the seed's parts, e.g. `createRandom(7, organizationId, 'deliveries', hour)`.
 *
 * The generator is Chris Doty-Humphrey's sfc32 (PractRand): small, fast, and unlike `Math.random` seedable.
 */
export function createRandom(...seed: readonly (string | number)[]): Random {
  let [a, b, c, d] = hashOf(seed.join('|'));
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 12; round++) next();
  const integer = (below: number) => Math.floor(next() * below);
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: <T>(values: readonly T[]) => values[integer(values.length)] as T,
  };
}

function hashOf(text: string): [number, number, number, number] {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x7f4a7c15];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0x85ebca6b);
    b = Math.imul(b ^ a ^ (a >>> 13), 0xc2b2ae35);
    c = Math.imul(c ^ b ^ (b >>> 16), 0x27d4eb2f);
    d = Math.imul(d ^ c ^ (c >>> 15), 0x165667b1);
  }
  return [a, b, c, d];
}
