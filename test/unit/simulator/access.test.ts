import { Agent, fetch as fetchBare, request } from 'undici';
import { expect, test } from 'vitest';
import { faultsOf } from './answer-schemas.ts';
import { CODES, LOGS, linksOf, startDashboard } from './dashboard.ts';

test.each([undefined, 'Bearer wrong', 'simulator-key'])('key %s is refused', async (authorization) => {
  const { simulator, id } = await startDashboard();
  for (const path of ['organizations', `organizations/${id(0)}/networks`, `organizations/${id(0)}/${LOGS}`]) {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(`${simulator.baseUrl}/${path}`, { headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ errors: ['Invalid API key'] });
  }
});

test('one organization has API access disabled: it is listed, and its streams are refused', async () => {
  const { ask, fetch, simulator } = await startDashboard();
  const listed = (await (await fetch(`${simulator.baseUrl}/organizations`)).json()) as { api: unknown }[];
  expect(listed.map(({ api }) => api)).toEqual([
    { enabled: true },
    { enabled: true },
    { enabled: true },
    { enabled: false },
  ]);
  for (const path of [LOGS, CODES, 'networks']) {
    const response = await ask(3, path);
    expect(response.status).toBe(403);
    expect(faultsOf('errors', await response.json())).toEqual([]);
  }
});

test('an unknown organization or path is a 404', async () => {
  const { fetch, simulator } = await startDashboard();
  for (const path of [`organizations/1/${LOGS}`, 'organizations/1/networks', 'devices']) {
    const response = await fetch(`${simulator.baseUrl}/${path}`);
    expect(response.status).toBe(404);
    expect(faultsOf('errors', await response.json())).toEqual([]);
  }
});

test('organizations and networks are paged by Link', async () => {
  const { fetch, simulator, id } = await startDashboard({ organizations: 7 });
  for (const path of ['organizations', `organizations/${id(0)}/networks`]) {
    const whole = (await (await fetch(`${simulator.baseUrl}/${path}`)).json()) as { id: string }[];
    const paged: { id: string }[] = [];
    let url: string | undefined = `${simulator.baseUrl}/${path}?perPage=3`;
    while (url !== undefined) {
      const response: Response = await fetch(url);
      const page = (await response.json()) as { id: string }[];
      expect(page.length).toBeLessThanOrEqual(3);
      paged.push(...page);
      url = linksOf(response)['next'];
    }
    expect(whole.length).toBeGreaterThan(3);
    expect(paged).toEqual(whole);
    expect(new Set(paged.map((one) => one.id)).size).toBe(whole.length);
    expect((await fetch(`${simulator.baseUrl}/${path}?perPage=2`)).status).toBe(400);
    expect((await fetch(`${simulator.baseUrl}/${path}?startingAfter=x`)).status).toBe(400);
  }
});

test('ten at once, ten a second, per organization, then 429 with Retry-After', async () => {
  const { ask, clock, fetch, simulator } = await startDashboard({
    rate: { perSecond: 10, burst: 10 },
    addressRate: false,
  });
  const statuses = async (place: number, count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => ask(place, LOGS)));
    return answers.map(({ status }) => status).toSorted();
  };
  const times = (count: number, status: number) => Array.from({ length: count }, () => status);
  expect(await statuses(0, 13)).toEqual([...times(10, 200), ...times(3, 429)]);
  expect(await statuses(1, 10)).toEqual(times(10, 200));
  const refused = await ask(0, 'networks');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toEqual({ errors: ['API rate limit exceeded for organization'] });
  expect((await fetch(`${simulator.baseUrl}/organizations`)).status).toBe(200);
  clock.move(300);
  expect(await statuses(0, 5)).toEqual([...times(3, 200), ...times(2, 429)]);
  clock.move(60_000);
  expect(await statuses(0, 11)).toEqual([...times(10, 200), 429]);
});

test('a hundred a second, twenty at once, for each source address, all organizations together', async () => {
  const { simulator, clock, id } = await startDashboard({
    organizations: 24,
    rate: { perSecond: 10, burst: 10 },
  });
  const from = async (localAddress: string, place: number): Promise<number> => {
    const dispatcher = new Agent({ localAddress });
    const { statusCode, body } = await request(`${simulator.baseUrl}/organizations/${id(place)}/${LOGS}`, {
      dispatcher,
      headers: { authorization: `Bearer ${simulator.key}` },
    });
    const said = await body.text();
    await dispatcher.close();
    if (statusCode === 429) expect(said).toBe('{"errors":["API rate limit exceeded for source address"]}');
    return statusCode;
  };
  const passed = async (localAddress: string): Promise<number> => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => from(localAddress, n % 24)));
    return answers.filter((status) => status === 200).length;
  };
  expect(await passed('127.0.0.1')).toBe(20);
  // Elsewhere, 127.0.0.1 is the only loopback address there is.
  if (process.platform === 'linux') expect(await passed('127.0.0.2')).toBe(20);
  const refused = () =>
    simulator.requests().reduce((sum, { status, count }) => sum + (status === 429 ? count : 0), 0);
  const before = refused();
  clock.move(100);
  expect(await passed('127.0.0.1')).toBe(10);
  expect(refused() - before).toBe(50);
});

test('Retry-After can be missing', async () => {
  const { ask } = await startDashboard({ rate: { perSecond: 1, burst: 1 }, retryAfter: 'missing' });
  expect((await ask(0, LOGS)).status).toBe(200);
  const refused = await ask(0, LOGS);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, null]);
});

test('redirects lead to the same path on the second host name, where the answer is', async () => {
  const { fetch, simulator, id } = await startDashboard({ redirect: true });
  const url = `${simulator.baseUrl}/organizations/${id(0)}/${LOGS}?perPage=3`;
  const statuses: number[] = [];
  for (let hop = 0; hop < 3; hop++) {
    const response = await fetch(url, { redirect: 'manual' });
    statuses.push(response.status);
    expect(response.headers.get('location')).toBe(url.replace('127.0.0.1', 'localhost'));
  }
  expect(statuses).toEqual([302, 307, 308]);
  const answer = await fetch(url.replace('127.0.0.1', 'localhost'));
  expect(answer.status).toBe(200);
  expect(linksOf(answer)['next']).toContain('//localhost:');
  expect((await fetch(`${simulator.baseUrl}/organizations`, { redirect: 'manual' })).status).toBe(200);
  expect((await fetchBare(url)).status).toBe(401);
});

test('the Date header follows the clock', async () => {
  const { ask, clock } = await startDashboard();
  expect((await ask(0, LOGS)).headers.get('date')).toBe('Sun, 01 Nov 2026 09:30:00 GMT');
  clock.move(3_600_000);
  expect((await ask(0, LOGS, { perPage: 1 })).headers.get('date')).toBe('Sun, 01 Nov 2026 10:30:00 GMT');
});
