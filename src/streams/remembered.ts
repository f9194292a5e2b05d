/** Texts beyond this are forgotten, all at once: no source may fill the memory with names. */
const MOST = 10_000;
/** Nor with a few that are megabytes long. */
const LONGEST = 1_000;

/** `make` with its results kept, for texts that come again and again, often several times in a row. */
export function remembered<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  let last: { readonly text: string; readonly made: T } | undefined;
  return (text) => {
    if (text.length > LONGEST) return make(text);
    // To compare two texts takes less than to hash one.
    if (last?.text === text) return last.made;
    const before = known.get(text);
    const made = before ?? make(text);
    if (before === undefined) {
      if (known.size >= MOST) known.clear();
      known.set(text, made);
    }
    last = { text, made };
    return made;
  };
}
