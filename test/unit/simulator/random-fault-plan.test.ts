import { expect, test } from 'vitest';
import { rowAlterations } from '../../../src/simulator/faults/alter-row.ts';
import { readFaultPlan } from '../../../src/simulator/faults/fault-plan.ts';
import { type FaultPlan, type RandomPlanOptions, randomFaultPlan } from '../../../src/simulator/simulator.ts';
import { LOGS, START, startDashboard } from './dashboard.ts';

const ALL: RandomPlanOptions = {
  world: { start: START, seconds: 60, organizationIds: ['1', '2'] },
  untrustedUrl: 'https://elsewhere.example/',
  slow: true,
};
const SEEDS = Array.from({ length: 400 }, (_, seed) => seed);

function plans(options?: RandomPlanOptions): FaultPlan[] {
  return SEEDS.map((seed) => randomFaultPlan(seed, options));
}

function kindsOf(list: readonly FaultPlan[]): Set<string> {
  return new Set(list.flatMap(({ rules = [] }) => rules.map(({ fault }) => fault.kind)));
}

test('the seed decides, and nothing else', () => {
  expect(plans(ALL)).toEqual(plans(ALL));
  expect(new Set(plans(ALL).map((plan) => JSON.stringify(plan))).size).toBe(SEEDS.length);
});

test('every plan is valid, and plain JSON', () => {
  for (const plan of plans(ALL)) {
    expect(() => readFaultPlan(plan)).not.toThrow();
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  }
});

test('all together they use everything', () => {
  const list = plans(ALL);
  expect(kindsOf(list)).toEqual(
    new Set([
      'rate_limited',
      'server_error',
      'cut',
      'hang',
      'truncated_json',
      'wrong_content_type',
      'html_200',
      'empty_body',
      'redirect',
      'next_link',
      'token_loop',
      'token_expired',
      'huge_body',
      'wrong_shape',
    ]),
  );
  expect(new Set(list.flatMap(({ alteredRows }) => alteredRows?.kinds ?? []))).toEqual(
    new Set(rowAlterations),
  );
  const used = new Set(list.flatMap((plan) => Object.keys(plan)));
  const rest = ['lateness', 'widths', 'organizations', 'clock', 'lookback', 'agesOut', 'alteredBuckets'];
  expect([...used].sort()).toEqual(['alteredRows', 'rules', 'seed', ...rest].sort());
});

test('what goes on for ever strikes 2 to 25 calls in 100; all else is bounded', () => {
  for (const { rules = [] } of plans(ALL)) {
    const endless = rules.filter(({ times, every }) => times === undefined && every === undefined);
    const total = endless.reduce((sum, { probability = 1 }) => sum + probability, 0);
    expect(total).toBeGreaterThanOrEqual(0.02);
    expect(total).toBeLessThanOrEqual(0.25);
    for (const { fault, every = 5 } of rules.filter((rule) => !endless.includes(rule))) {
      expect(every).toBeGreaterThanOrEqual(5);
      if (fault.kind === 'hang') expect(fault.seconds ?? 0).toBeLessThanOrEqual(2);
    }
  }
});

test('options leave out what is not wanted', () => {
  const kinds = kindsOf(plans({ hangs: false }));
  expect(kinds).not.toContain('hang');
  expect(kinds).not.toContain('next_link');
  expect(JSON.stringify(plans())).not.toMatch(/untrusted|absurd/);
  expect(plans({ wire: false }).every(({ rules }) => rules?.length === 0)).toBe(true);
  expect(plans({ contents: false }).every((plan) => Object.keys(plan).length === 2)).toBe(true);
  const late = plans({ latenessSeconds: 30 }).map(({ lateness }) => lateness?.max ?? 0);
  expect(Math.max(...late)).toBeLessThanOrEqual(30);
});

test('a simulator runs under any of them, and the same calls meet the same answers', async () => {
  const statuses = async (seed: number) => {
    const { ask, simulator } = await startDashboard({
      rows: 3_000,
      faults: randomFaultPlan(seed, { hangs: false }),
    });
    const found: (number | string)[] = [];
    for (let call = 0; call < 30; call++) {
      found.push(
        await ask(0, LOGS, { perPage: 5 }).then(
          ({ status }) => status,
          () => 'cut',
        ),
      );
    }
    return [found, simulator.struck()];
  };
  for (const seed of [1, 2, 3, 4, 5]) expect(await statuses(seed)).toEqual(await statuses(seed));
});
