/** Texts beyond this are forgotten, all at once: no source may fill the memory with names. */
const MOST = 10_000;

/** `make` with its results kept, for texts that come again and again. */
export function remembered<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= MOST) known.clear();
    const made = make(text);
    known.set(text, made);
    return made;
  };
}
