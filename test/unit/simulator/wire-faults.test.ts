import { expect, test } from 'vitest';
import type { FaultRule } from '../../../src/simulator/simulator.ts';
import { CODES, type Dashboard, LOGS, linksOf, startDashboard } from './dashboard.ts';

type Fault = FaultRule['fault'];

/** A dashboard whose first answer is struck and whose later ones are not. */
async function struckOnce(fault: Fault): Promise<Dashboard> {
  return await startDashboard({ faults: { rules: [{ fault, times: 1 }] } });
}

/** The first answer's body as it should be. */
async function rightText(fault: Fault): Promise<string> {
  const { ask, simulator } = await struckOnce(fault);
  simulator.setFaults({ rules: [] });
  return await (await ask(0, LOGS, { perPage: 5 })).text();
}

async function expectRecovered({ ask }: Dashboard): Promise<void> {
  const response = await ask(0, LOGS, { perPage: 5 });
  expect([response.status, Array.isArray(await response.json())]).toEqual([200, true]);
}

test.each([
  [30, '30'],
  ['missing', null],
  ['date', 'Sun, 01 Nov 2026 09:30:02 GMT'],
  ['absurd', '999999999'],
] as const)('rate_limited, Retry-After %s', async (retryAfter, header) => {
  const dashboard = await struckOnce({ kind: 'rate_limited', retryAfter });
  const response = await dashboard.ask(0, LOGS);
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, header]);
  expect(await response.json()).toEqual({ errors: ['API rate limit exceeded for organization'] });
  await expectRecovered(dashboard);
});

test.each([500, 502, 503, 504] as const)('server_error %i, with HTML, nothing or JSON', async (status) => {
  const read = async (body: 'html' | 'empty' | 'json') => {
    const { ask } = await struckOnce({ kind: 'server_error', status, body });
    const response = await ask(0, LOGS);
    expect(response.status).toBe(status);
    return [response.headers.get('content-type'), await response.text()];
  };
  const [type, html] = await read('html');
  expect(type).toContain('text/html');
  expect(html).toMatch(/^<!DOCTYPE html>/);
  expect((await read('empty'))[1]).toBe('');
  expect(JSON.parse((await read('json'))[1] ?? '')).toEqual({ errors: ['Internal error'] });
});

test('cut before: no answer at all', async () => {
  const dashboard = await struckOnce({ kind: 'cut', where: 'before' });
  await expect(dashboard.ask(0, LOGS)).rejects.toThrow();
  expect(dashboard.simulator.requests()).toMatchObject([{ status: 0, count: 1 }]);
  await expectRecovered(dashboard);
});

test('cut within: status and headers, and a body that breaks off', async () => {
  const dashboard = await struckOnce({ kind: 'cut', where: 'within' });
  const response = await dashboard.ask(0, LOGS, { perPage: 5 });
  expect(response.status).toBe(200);
  expect(linksOf(response)['next']).toBeDefined();
  await expect(response.text()).rejects.toThrow();
  expect(dashboard.simulator.requests()).toMatchObject([{ status: 0, count: 1 }]);
  await expectRecovered(dashboard);
});

test('cut after: a whole answer', async () => {
  const fault = { kind: 'cut', where: 'after' } as const;
  const dashboard = await struckOnce(fault);
  const response = await dashboard.ask(0, LOGS, { perPage: 5 });
  expect(await response.text()).toBe(await rightText(fault));
  expect(dashboard.simulator.requests()).toMatchObject([{ status: 200, count: 1 }]);
});

test('hang: nothing until the client gives up', async () => {
  const dashboard = await struckOnce({ kind: 'hang' });
  const patience = new AbortController();
  const { baseUrl, key, struck } = dashboard.simulator;
  const asked = fetch(`${baseUrl}/organizations/${dashboard.id(0)}/${LOGS}`, {
    headers: { authorization: `Bearer ${key}` },
    signal: patience.signal,
  });
  await expect.poll(struck).toEqual({ hang: 1 });
  patience.abort(new Error('gave up'));
  await expect(asked).rejects.toThrow('gave up');
  await expect.poll(dashboard.simulator.requests).toMatchObject([{ status: 0, count: 1 }]);
  await expectRecovered(dashboard);
});

test('hang with seconds: then the right answer', async () => {
  const fault = { kind: 'hang', seconds: 0.01 } as const;
  const { ask } = await struckOnce(fault);
  expect(await (await ask(0, LOGS, { perPage: 5 })).text()).toBe(await rightText(fault));
});

test('a simulator stops though an answer hangs', async () => {
  const dashboard = await struckOnce({ kind: 'hang' });
  const asked = dashboard.ask(0, LOGS).catch(() => 'cut');
  await expect.poll(dashboard.simulator.struck).toEqual({ hang: 1 });
  await dashboard.simulator.stop();
  expect(await asked).toBe('cut');
});

test('truncated_json: a whole HTTP answer with half of the JSON, even of an empty list', async () => {
  const fault = { kind: 'truncated_json' } as const;
  const { ask } = await struckOnce(fault);
  const text = await (await ask(0, LOGS, { perPage: 5 })).text();
  expect((await rightText(fault)).startsWith(text)).toBe(true);
  expect(() => JSON.parse(text)).toThrow(SyntaxError);
  const { ask: askEmpty } = await struckOnce(fault);
  expect(await (await askEmpty(0, LOGS, { timespan: 0 })).text()).toBe('[');
});

test('wrong_content_type, html_200, empty_body', async () => {
  const { ask, simulator } = await struckOnce({ kind: 'wrong_content_type' });
  const wrong = await ask(0, LOGS, { perPage: 5 });
  expect(wrong.headers.get('content-type')).toContain('text/html');
  expect(await wrong.json()).toHaveLength(5);
  simulator.setFaults({ rules: [{ fault: { kind: 'html_200' } }] });
  const html = await ask(0, LOGS);
  expect([html.status, (await html.text()).slice(0, 15)]).toEqual([200, '<!DOCTYPE html>']);
  simulator.setFaults({ rules: [{ fault: { kind: 'empty_body' } }] });
  const empty = await ask(0, LOGS);
  expect([empty.status, await empty.text()]).toEqual([200, '']);
});

test('redirect: to the other name of the host, for ever, to a given URL, to plain http', async () => {
  const { ask, fetch: follow, simulator } = await startDashboard();
  const { port } = new URL(simulator.baseUrl);
  const location = async (fault: Fault) => {
    simulator.setFaults({ rules: [{ fault, times: 1 }] });
    const response = await ask(0, LOGS, { perPage: 5 });
    return response;
  };
  const shard = await location({ kind: 'redirect', to: 'shard', status: 307 });
  expect([shard.redirected, new URL(shard.url).host]).toEqual([true, `localhost:${port}`]);
  await expect(location({ kind: 'redirect', to: 'loop' })).rejects.toThrow();

  const manual = async (fault: Fault) => {
    simulator.setFaults({ rules: [{ fault }] });
    const response = await follow(`${simulator.baseUrl}/organizations?perPage=5`, { redirect: 'manual' });
    return [response.status, response.headers.get('location')];
  };
  const url = 'https://elsewhere.example/steal';
  expect(await manual({ kind: 'redirect', to: 'untrusted', url })).toEqual([302, url]);
  expect(await manual({ kind: 'redirect', to: 'plain_http', status: 308 })).toEqual([
    308,
    'http://n1.meraki.com/api/v1/organizations?perPage=5',
  ]);
});

test('next_link and token_loop: the page is right, its next link is not', async () => {
  const { ask, fetch: follow, simulator } = await startDashboard();
  const first = await ask(0, LOGS, { perPage: 5 });
  const next = linksOf(first)['next'] ?? '';
  simulator.setFaults({ rules: [{ fault: { kind: 'next_link', to: 'https://elsewhere.example/x?y=1' } }] });
  const elsewhere = await follow(next);
  expect(linksOf(elsewhere)['next']).toBe('https://elsewhere.example/x?y=1');
  expect(linksOf(elsewhere)['prev']).toBeDefined();
  simulator.setFaults({ rules: [{ fault: { kind: 'token_loop' } }] });
  const loop = await follow(next);
  expect(linksOf(loop)['next']).toBe(linksOf(first)['first']);
  expect(await loop.json()).toEqual(await elsewhere.json());
  expect(await (await follow(linksOf(loop)['next'] ?? '')).json()).toEqual(await first.json());
  expect(linksOf(await ask(0, CODES))['next']).toBeUndefined();
  expect(simulator.struck()).toEqual({ token_loop: 2 });
});

test('token_expired strikes only calls with a page token', async () => {
  const { ask, fetch: follow } = await startDashboard({
    faults: { rules: [{ fault: { kind: 'token_expired' }, every: 2 }] },
  });
  const next = linksOf(await ask(0, LOGS, { perPage: 5 }))['next'] ?? '';
  const statuses: number[] = [];
  for (let call = 0; call < 4; call++) statuses.push((await follow(next)).status);
  expect(statuses).toEqual([200, 400, 200, 400]);
});

test('huge_body: the right answer behind white space, or one string', async () => {
  const fault = { kind: 'huge_body', bytes: 10_000_000 } as const;
  const { ask, simulator } = await struckOnce(fault);
  const padded = await (await ask(0, LOGS, { perPage: 5 })).text();
  expect(padded.length).toBeGreaterThan(10_000_000);
  expect(padded.trimStart()).toBe(await rightText(fault));
  simulator.setFaults({ rules: [{ fault: { ...fault, as: 'garbage' } }] });
  expect(await (await ask(0, LOGS)).json()).toHaveLength(10_000_000);
});

test.each([
  ['object', { items: [] }],
  ['null', null],
  ['number', 42],
  ['string', 'none'],
] as const)('wrong_shape: %s', async (as, body) => {
  const { ask } = await struckOnce({ kind: 'wrong_shape', as });
  const response = await ask(0, CODES);
  expect([response.status, await response.json()]).toEqual([200, body]);
});
