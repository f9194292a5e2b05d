import { test } from 'vitest';
import { buildProgram } from '../support/program.ts';
import { planRound } from './processes/round-plan.ts';
import { runRound } from './processes/round.ts';
test('try', async () => {
  await buildProgram();
  const seed = Number(process.env['SEED'] ?? 1);
  const plan = { ...planRound(seed), ...JSON.parse(process.env['PLAN'] ?? '{}') };
  process.stdout.write(JSON.stringify(plan, null, 1) + '\n');
  const r = await runRound(plan);
  process.stdout.write(JSON.stringify({ ...r, plan: undefined }, null, 1) + '\n');
}, 0);
