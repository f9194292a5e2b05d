import { expect, test } from 'vitest';
import { CODES, DAY, HOUR, iso, LOGS, START, startDashboard } from './dashboard.ts';

test('the truth over HTTP is the truth in process', async () => {
  const { simulator, id } = await startDashboard({ rows: 6_000 });
  const truth = async (path: string) =>
    (await fetch(new URL(`/simulator/truth/organizations/${id(0)}/${path}`, simulator.baseUrl))).json();
  const range = { from: iso(START - 40 * DAY), to: iso(START - 38 * DAY) };
  const query = new URLSearchParams(range);
  expect(await truth(`webhooks/logs?${query}`)).toEqual(simulator.truthDeliveries(id(0), range));
  expect(await truth('webhooks/logs')).toEqual(simulator.truthDeliveries(id(0)));
  expect(await truth(`apiRequests?${query}`)).toEqual(simulator.truthBuckets(id(0), range));
  const filters = { version: 0 as const, userAgent: 'Legacy' };
  expect(await truth(`apiRequests?${query}&interval=86400&version=0&userAgent=Legacy`)).toEqual(
    simulator.truthBuckets(id(0), { ...range, interval: 86_400, filters }),
  );
});

test('the truth refuses an unknown organization and an unreadable time', async () => {
  const { simulator, id } = await startDashboard();
  expect(() => simulator.truthDeliveries('1')).toThrow(RangeError);
  expect(() => simulator.truthBuckets(id(0), { from: 'yesterday' })).toThrow(RangeError);
  expect(() => simulator.truthBuckets(id(0), { interval: 0 })).toThrow(RangeError);
  const response = await fetch(new URL('/simulator/truth/organizations/1/apiRequests', simulator.baseUrl));
  expect(response.status).toBe(400);
});

test('requests are counted by organization, operation and status', async () => {
  const { ask, fetch: askApi, simulator, id } = await startDashboard();
  await ask(0, LOGS);
  await ask(0, LOGS);
  await ask(0, LOGS, { perPage: 1 });
  await ask(3, CODES);
  await askApi(`${simulator.baseUrl}/organizations`);
  const counts = [
    { organizationId: id(0), operation: 'getOrganizationWebhooksLogs', status: 200, count: 2 },
    { organizationId: id(0), operation: 'getOrganizationWebhooksLogs', status: 400, count: 1 },
    {
      organizationId: id(3),
      operation: 'getOrganizationApiRequestsOverviewResponseCodesByInterval',
      status: 403,
      count: 1,
    },
    { organizationId: null, operation: 'getOrganizations', status: 200, count: 1 },
  ];
  expect(simulator.requests()).toEqual(counts);
  expect(await (await fetch(new URL('/simulator/requests', simulator.baseUrl))).json()).toEqual(counts);
  await fetch(new URL('/simulator/requests/reset', simulator.baseUrl), { method: 'POST' });
  expect(simulator.requests()).toEqual([]);
});

test('an outage cuts API connections and nothing else, until it is over', async () => {
  const { ask, clock, simulator, id } = await startDashboard();
  const start = (seconds: unknown) =>
    fetch(new URL('/simulator/outage', simulator.baseUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ seconds }),
    });
  expect((await start(30)).status).toBe(200);
  await expect(ask(0, LOGS)).rejects.toThrow();
  expect(simulator.requests()).toMatchObject([{ organizationId: id(0), status: 0, count: 1 }]);
  expect((await fetch(new URL('/simulator/requests', simulator.baseUrl))).status).toBe(200);
  clock.move(30_000);
  expect((await ask(0, LOGS)).status).toBe(200);

  simulator.outage(true);
  clock.move(DAY);
  await expect(ask(0, LOGS)).rejects.toThrow();
  simulator.outage(false);
  expect((await ask(0, LOGS)).status).toBe(200);
  expect((await start('long')).status).toBe(400);
});

test('the settings are told, without the key', async () => {
  const { simulator } = await startDashboard({ seed: 9, order: 'descending' });
  const text = await (await fetch(new URL('/simulator/settings', simulator.baseUrl))).text();
  expect(JSON.parse(text)).toMatchObject({ seed: 9, order: 'descending', rows: 330_000, now: iso(START) });
  expect(text).not.toContain(simulator.key);
});

test('the hook before an answer can give another one', async () => {
  const { ask, id } = await startDashboard({
    beforeAnswer: async (call, reply) => {
      if (call.ordinal === 1) await reply.code(502).type('text/html').send(`<p>${call.operation}</p>`);
    },
  });
  expect((await ask(0, LOGS)).status).toBe(200);
  const faulty = await ask(0, LOGS);
  expect([faulty.status, await faulty.text()]).toEqual([502, '<p>getOrganizationWebhooksLogs</p>']);
  expect((await ask(0, LOGS)).status).toBe(200);
  expect(id(0)).not.toBe('');
});

test('the past is the same whenever and wherever it is asked for', async () => {
  const [one, other] = [
    await startDashboard({ seed: 5 }),
    await startDashboard({ seed: 5, order: 'descending' }),
  ];
  const stranger = await startDashboard({ seed: 6 });
  const range = { from: iso(START - 3 * DAY), to: iso(START - DAY) };
  other.clock.move(HOUR);
  expect(other.simulator.organizations).toEqual(one.simulator.organizations);
  expect(other.simulator.truthDeliveries(other.id(1), range)).toEqual(
    one.simulator.truthDeliveries(one.id(1), range),
  );
  expect(other.simulator.truthBuckets(other.id(1), range)).toEqual(
    one.simulator.truthBuckets(one.id(1), range),
  );
  expect(stranger.simulator.truthDeliveries(stranger.id(1), range)).not.toEqual(
    one.simulator.truthDeliveries(one.id(1), range),
  );
});
