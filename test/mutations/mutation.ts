/** A realistic mistake that breaks one invariant, and the tests that have to notice. */
export interface Mutation {
  /** What the mistake does, in words. */
  readonly name: string;
  readonly invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8';
  /** Path in the repository. */
  readonly file: string;
  /** Text that the file has exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test files of which at least one has a test that fails. */
  readonly caughtBy: readonly string[];
}

/**
 * `source` with the mistake in it.
 *
 * @throws {Error} when the text to replace is not there exactly once: the code moved on, and the mutation with it
 */
export function mutate(source: string, { name, file, find, replace }: Mutation): string {
  const places = source.split(find).length - 1;
  if (places !== 1) {
    throw new Error(
      `The mutation "${name}" is to be renewed: ${file} has ${places} places that read\n${find}`,
    );
  }
  return source.replace(find, () => replace);
}
