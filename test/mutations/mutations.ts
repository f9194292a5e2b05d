import { countedOnce } from './invariants/counted-once.ts';
import { durableProgress } from './invariants/durable-progress.ts';
import { exactMultiset } from './invariants/exact-multiset.ts';
import { fencing } from './invariants/fencing.ts';
import { finalFigures } from './invariants/final-figures.ts';
import { keyAtHome } from './invariants/key-at-home.ts';
import { nothingDropped } from './invariants/nothing-dropped.ts';
import { soundCoverage } from './invariants/sound-coverage.ts';
import type { Mutation } from './mutation.ts';

/** All mutations, by invariant. */
export const mutations: readonly Mutation[] = [
  ...exactMultiset,
  ...soundCoverage,
  ...durableProgress,
  ...fencing,
  ...finalFigures,
  ...countedOnce,
  ...nothingDropped,
  ...keyAtHome,
];

declare module 'vitest' {
  export interface ProvidedContext {
    /** Only mutations with this in their invariant or name are tried. */
    readonly part: string;
  }
}
