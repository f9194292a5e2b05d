import { type Clock, hasPassed } from '../clock.ts';
import { type BudgetStore, memoryBudgetStore } from './budget-store.ts';

/** A store that does not answer for so long is gone: requests must not wait for it. */
const TOO_LATE_MS = 2_000;
/** How long each process counts for itself before it asks the store again. */
const AWAY_MS = 5_000;

/** A store that is this process's own while the shared one cannot be reached. */
export function insuredBudgetStore(
  shared: BudgetStore,
  clock: Clock,
  onFault: (error: Error) => void,
): BudgetStore {
  const own = memoryBudgetStore(() => clock.now());
  let awaySince = Number.NEGATIVE_INFINITY;
  const reach = async <T>(work: (store: BudgetStore) => Promise<T>): Promise<T> => {
    if (!hasPassed(AWAY_MS, awaySince, clock.now())) return await work(own);
    try {
      return await inTime(work(shared));
    } catch (error) {
      awaySince = clock.now();
      onFault(error instanceof Error ? error : new Error(String(error)));
      return await work(own);
    }
  };
  return {
    read: (keys) => reach((store) => store.read(keys)),
    // After a read of the other store the texts differ, nothing is written, and both are read again.
    exchange: (changes) => reach((store) => store.exchange(changes)),
  };
}

/** By the machine's own time, whatever time the work goes by: what is late here is a connection. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TOO_LATE_MS} ms`)), TOO_LATE_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
