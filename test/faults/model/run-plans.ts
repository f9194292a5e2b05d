/*
 * Runs plans one after the other and prints what came out, one line for each that failed.
 * Arguments: first seed, number of plans. The server is TEST_DATABASE_URL.
 */
import { createModelDatabase } from './model-database.ts';
import { summarize } from './model-summary.ts';
import { type ModelResult, runModelPlan } from './run-model-plan.ts';

const [first = 1, count = 20] = process.argv.slice(2).map(Number);
const database = await createModelDatabase(process.env['TEST_DATABASE_URL'] ?? '');
const results: ModelResult[] = [];
try {
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await runModelPlan(seed, { databaseUrl: database.url });
    results.push(result);
    for (const failure of result.failures.slice(0, 3)) {
      process.stdout.write(`seed ${seed}: ${failure.slice(0, 500)}\n`);
    }
  }
} finally {
  await database.drop();
  process.stdout.write(`${summarize(results)}\n`);
}
