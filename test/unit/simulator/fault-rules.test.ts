import { expect, test } from 'vitest';
import type { FaultPlan, FaultRule } from '../../../src/simulator/simulator.ts';
import { CODES, type Dashboard, HOUR, iso, LOGS, linksOf, START, startDashboard } from './dashboard.ts';

const LIMITED = { kind: 'rate_limited' } as const;
const BROKEN = { kind: 'server_error', status: 503 } as const;

async function statuses({ ask }: Dashboard, count: number, place = 0, path = LOGS): Promise<number[]> {
  const found: number[] = [];
  for (let call = 0; call < count; call++) found.push((await ask(place, path, { timespan: 60 })).status);
  return found;
}

async function started(...rules: FaultRule[]): Promise<Dashboard> {
  return await startDashboard({ faults: { seed: 3, rules } });
}

test('after, every and times count the calls that meet the rule', async () => {
  const dashboard = await started({ fault: LIMITED, after: 2, every: 3, times: 2 });
  expect(await statuses(dashboard, 12)).toEqual([200, 200, 200, 200, 429, 200, 200, 429, 200, 200, 200, 200]);
  expect(dashboard.simulator.struck()).toEqual({ rate_limited: 2 });
});

test('operation and organization', async () => {
  const dashboard = await started(
    { fault: LIMITED, operation: 'getOrganizationWebhooksLogs' },
    { fault: BROKEN, organizationId: (await startDashboard({ faults: { seed: 3 } })).id(1) },
  );
  expect(await statuses(dashboard, 1, 0)).toEqual([429]);
  expect(await statuses(dashboard, 1, 0, CODES)).toEqual([200]);
  expect(await statuses(dashboard, 1, 1, CODES)).toEqual([503]);
  expect(await statuses(dashboard, 1, 1)).toEqual([429]);
  const list = await dashboard.fetch(`${dashboard.simulator.baseUrl}/organizations`);
  expect(list.status).toBe(200);
});

test('from and until, by the clock of the simulator', async () => {
  const dashboard = await started({ fault: LIMITED, from: iso(START + HOUR), until: START + 2 * HOUR });
  expect(await statuses(dashboard, 1)).toEqual([200]);
  dashboard.clock.move(HOUR);
  expect(await statuses(dashboard, 2)).toEqual([429, 429]);
  dashboard.clock.move(HOUR);
  expect(await statuses(dashboard, 1)).toEqual([200]);
});

test('only later pages', async () => {
  const { ask, fetch: follow } = await started({ fault: LIMITED, onlyLaterPages: true });
  const first = await ask(0, LOGS, { perPage: 5 });
  expect(first.status).toBe(200);
  expect((await follow(linksOf(first)['next'] ?? '')).status).toBe(429);
});

test('the first rule that strikes decides; the others count on', async () => {
  const dashboard = await started({ fault: LIMITED, every: 2 }, { fault: BROKEN, every: 3 });
  expect(await statuses(dashboard, 6)).toEqual([200, 429, 503, 429, 200, 429]);
});

test('the same seed strikes the same calls, another one others, about as often as was said', async () => {
  const plan = (seed: number): FaultPlan => ({ seed, rules: [{ fault: LIMITED, probability: 0.3 }] });
  const [one, same, other] = await Promise.all(
    [1, 1, 2].map(async (seed) => statuses(await startDashboard({ faults: plan(seed) }), 120)),
  );
  expect(same).toEqual(one);
  expect(other).not.toEqual(one);
  const struck = one?.filter((status) => status === 429).length ?? 0;
  expect(struck).toBeGreaterThan(20);
  expect(struck).toBeLessThan(55);
});

test('a plan that is replaced or set anew starts counting anew', async () => {
  const dashboard = await started({ fault: LIMITED, times: 1 });
  expect(await statuses(dashboard, 2)).toEqual([429, 200]);
  dashboard.simulator.setFaults({ rules: [{ fault: BROKEN, times: 1 }] });
  expect(dashboard.simulator.struck()).toEqual({});
  expect(await statuses(dashboard, 2)).toEqual([503, 200]);
});
