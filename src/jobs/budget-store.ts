export interface BudgetChange {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

/** Keeps a text for each key, for all workers together, and knows one time for all of them. */
export interface BudgetStore {
  /** The texts, empty where nothing is kept, and the store's own time in milliseconds. */
  read(keys: readonly string[]): Promise<{ readonly now: number; readonly kept: readonly string[] }>;
  /** Writes all changes if every key still has the text it had before, else none; says whether. */
  exchange(changes: readonly BudgetChange[]): Promise<boolean>;
}

/** A store for this process alone. */
export function memoryBudgetStore(now: () => number): BudgetStore {
  const texts = new Map<string, string>();
  return {
    read: async (keys) => ({ now: now(), kept: keys.map((key) => texts.get(key) ?? '') }),
    async exchange(changes) {
      if (changes.some(({ key, before }) => (texts.get(key) ?? '') !== before)) return false;
      for (const { key, after } of changes) texts.set(key, after);
      return true;
    },
  };
}
