/** Seeds of the process rounds that failed while the suite was built, and what was wrong. Always run first. */
export const processSeeds: readonly number[] = [];

/** The same of the model's plans. */
export const modelSeeds: readonly number[] = [];
