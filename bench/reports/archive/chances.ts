import { createRandom, type Random } from '../../../src/simulator/random.ts';

const STEPS = 1_024;

/** Picks an index with a chance in proportion to its weight, to about a thousandth. */
export function weightedPick(weights: readonly number[]): (random: Random) => number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const table = new Uint16Array(STEPS);
  let index = 0;
  let upTo = weights[0] ?? 0;
  for (let step = 0; step < STEPS; step += 1) {
    while ((step / STEPS) * total >= upTo && index < weights.length - 1) {
      index += 1;
      upTo += weights[index] ?? 0;
    }
    table[step] = index;
  }
  return (random) => table[random.integer(STEPS)] ?? 0;
}

const normals = Float64Array.from({ length: 65_536 }, normalDraw(createRandom('normal')));

/** A draw from the standard normal distribution. */
export function normal(random: Random): number {
  return normals[random.integer(normals.length)] ?? 0;
}

function normalDraw(random: Random): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** A draw between two positive numbers of which each order of size is as likely as any other. */
export function logUniform(random: Random, least: number, most: number): number {
  return least * (most / least) ** random.next();
}

/** A draw of an exponential distribution. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.next());
}
