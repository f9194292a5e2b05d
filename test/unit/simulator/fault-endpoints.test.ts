import { expect, test } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { LOGS, startDashboard } from './dashboard.ts';

function planner(baseUrl: string) {
  return async (method: string, plan?: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(new URL('/simulator/faults', baseUrl), {
      method,
      ...(plan !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(plan),
      }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
}

test('a plan is set, told with how often it struck, and taken away', async () => {
  const { ask, simulator } = await startDashboard();
  const say = planner(simulator.baseUrl);
  expect(await say('GET')).toEqual({ status: 200, body: { plan: { seed: 1, rules: [] }, struck: {} } });
  const plan = { seed: 7, rules: [{ fault: { kind: 'server_error', status: 504 }, times: 2 }] };
  expect(await say('PUT', plan)).toEqual({ status: 200, body: { plan, struck: {} } });
  expect((await ask(0, LOGS)).status).toBe(504);
  expect(await say('GET')).toEqual({ status: 200, body: { plan, struck: { server_error: 1 } } });
  expect(await say('DELETE')).toEqual({ status: 204, body: undefined });
  expect((await ask(0, LOGS)).status).toBe(200);
});

test.each([
  ['no plan', 'nonsense', 'plan: '],
  ['an unknown kind', { rules: [{ fault: { kind: 'gremlins' } }] }, 'rules.0.fault.kind: '],
  ['an unknown condition', { rules: [{ fault: { kind: 'hang' }, often: 1 }] }, '"often"'],
  ['a missing URL', { rules: [{ fault: { kind: 'redirect', to: 'untrusted' } }] }, 'rules.0.fault.url: '],
  [
    'a probability above 1',
    { rules: [{ fault: { kind: 'hang' }, probability: 2 }] },
    'rules.0.probability: ',
  ],
  ['an unreadable time', { rules: [{ fault: { kind: 'hang' }, from: 'noon' }] }, 'rules.0.from: must be'],
  [
    'an unknown operation',
    { rules: [{ fault: { kind: 'hang' }, operation: 'getDevices' }] },
    'rules.0.operation: ',
  ],
])('a plan with %s is refused by name, and the old one stays', async (_, plan, named) => {
  const { simulator } = await startDashboard({ faults: { seed: 5 } });
  const say = planner(simulator.baseUrl);
  const refused = await say('PUT', plan);
  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toContain(JSON.stringify(named).slice(1, -1));
  expect(await say('GET')).toMatchObject({ body: { plan: { seed: 5 } } });
  expect(() => simulator.setFaults(plan as never)).toThrow(RangeError);
  await expect(startSimulator({ faults: plan as never })).rejects.toThrow(RangeError);
});
