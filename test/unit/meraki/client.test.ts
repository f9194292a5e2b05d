import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import {
  KeyRefusedError,
  OrganizationRefusedError,
  PagingError,
  RateLimitedError,
  UnreachableError,
  WindowRefusedError,
} from '../../../src/errors.ts';
import {
  answer,
  failure,
  forOrganization,
  KEY,
  ok,
  redirect,
  startClient,
  startServer,
} from './loopback-server.ts';

describe('a request', () => {
  test('carries the key, the user agent and what is asked', async () => {
    const server = await startServer(answer(200, [{ a: 1 }]));
    const { client } = startClient(`${server.url}/api/v1`);
    const got = await client.get('/x', { t0: '2026-01-01T00:00:00.000000Z', perPage: 3, nothing: undefined });
    expect(got).toMatchObject({ body: [{ a: 1 }], next: undefined, requests: 1, waitedMs: 0 });
    const [request] = server.requests;
    expect(request?.method).toBe('GET');
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, accept: 'application/json' });
    expect(request?.url).toBe('/api/v1/x?t0=2026-01-01T00%3A00%3A00.000000Z&perPage=3');
  });

  test('names the program as Meraki asks: Application/Version Vendor', async () => {
    const server = await startServer(redirect('/y'), ok);
    const { client } = startClient(server.url);
    await client.get('/x', {});
    expect(server.requests).toHaveLength(2);
    for (const { headers } of server.requests) {
      expect(headers['user-agent']).toMatch(/^[A-Za-z0-9.]+\/[A-Za-z0-9.]+ [A-Za-z0-9. ]+$/);
      expect(headers['user-agent']).not.toMatch(/meraki|cisco/i);
    }
  });

  test('repeats array filters with brackets', async () => {
    const server = await startServer(ok);
    const { client } = startClient(server.url);
    await client.get('/x', { adminIds: ['1', '2 3'], empty: [], version: 1 });
    const query = new URL(server.requests[0]?.url ?? '', server.url).searchParams;
    expect([...query]).toEqual([
      ['adminIds[]', '1'],
      ['adminIds[]', '2 3'],
      ['version', '1'],
    ]);
  });

  test('gives the next page of the Link header, made absolute', async () => {
    const server = await startServer(
      answer(200, [], { link: '</x?startingAfter=5>; rel=next, </x>; rel=first' }),
      ok,
    );
    const { client } = startClient(server.url);
    const first = await client.get('/x', {});
    expect(first.next).toBe(`${server.url}/x?startingAfter=5`);
    await client.follow(first.next ?? '');
    expect(server.requests[1]?.url).toBe('/x?startingAfter=5');
  });

  test('I1 an unreadable Link header is an error, not the last page', async () => {
    const server = await startServer(answer(200, [], { link: 'nonsense' }));
    expect(await failure(startClient(server.url).client.get('/x', {}))).toBeInstanceOf(PagingError);
  });
});

describe('refusals are told apart by status', () => {
  test.each([
    [400, WindowRefusedError],
    [401, KeyRefusedError],
    [403, OrganizationRefusedError],
    [404, OrganizationRefusedError],
  ])('%d at once', async (status, kind) => {
    const server = await startServer(answer(status, { errors: ['so it is'] }));
    const { client, clock } = startClient(server.url);
    const error = await failure(client.get('/x', {}, forOrganization));
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ facts: { status, path: '/x' } });
    expect(String(error)).toContain('so it is');
    expect(server.requests).toHaveLength(1);
    expect(clock.slept).toEqual([]);
  });

  test('a list of organizations that is not there: the address is wrong', async () => {
    const server = await startServer(answer(404, { errors: ['Not Found'] }));
    const error = await failure(startClient(server.url).client.get('/organizations', {}));
    expect(String(error)).toContain('MERAKI_BASE_URL');
    const other = await failure(startClient(server.url).client.get('/organizations/1/networks', {}));
    expect(String(other)).not.toContain('MERAKI_BASE_URL');
  });

  test.each([
    [408, UnreachableError],
    [429, RateLimitedError],
    [500, UnreachableError],
    [502, UnreachableError],
    [503, UnreachableError],
    [204, UnreachableError],
    [304, UnreachableError],
  ])('%d after six attempts', async (status, kind) => {
    const server = await startServer(answer(status, ''));
    const { client, clock } = startClient(server.url);
    expect(await failure(client.get('/x', {}))).toBeInstanceOf(kind);
    expect(server.requests).toHaveLength(6);
    expect(clock.slept).toHaveLength(5);
  });

  test('I8 none of these errors holds the key', async () => {
    for (const status of [400, 401, 403, 429, 500]) {
      const server = await startServer(answer(status, { errors: ['no'] }));
      const error = await failure(startClient(server.url).client.get('/x', {}));
      expect(JSON.stringify([error, String(error), (error as UnreachableError).facts])).not.toContain(KEY);
    }
  });
});

describe('aborting', () => {
  const reason = new Error('stop');

  test('ends a wait at once', async () => {
    const server = await startServer(answer(503, '', { 'retry-after': '30' }));
    const controller = new AbortController();
    const { client } = startClient(server.url, { clock: systemClock });
    const started = Date.now();
    setTimeout(() => controller.abort(reason), 50);
    expect(await failure(client.get('/x', {}, { signal: controller.signal }))).toBe(reason);
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(server.requests).toHaveLength(1);
  });

  test('ends a request that is under way', async () => {
    const server = await startServer(() => {});
    const controller = new AbortController();
    const { client, clock } = startClient(server.url);
    setTimeout(() => controller.abort(reason), 50);
    expect(await failure(client.get('/x', {}, { signal: controller.signal }))).toBe(reason);
    expect(clock.slept).toEqual([]);
  });

  test('beforehand asks nothing', async () => {
    const server = await startServer(ok);
    const { client, taken } = startClient(server.url);
    const options = { ...forOrganization, signal: AbortSignal.abort(reason) };
    expect(await failure(client.get('/x', {}, options))).toBe(reason);
    expect([server.requests.length, taken.length]).toEqual([0, 0]);
  });

  test('while waiting for the pace asks nothing', async () => {
    const server = await startServer(ok);
    const controller = new AbortController();
    const { client } = startClient(server.url, {
      pace: {
        take: (_organizationId, _lane, signal) =>
          new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
        pause: async () => {},
      },
    });
    setTimeout(() => controller.abort(reason), 20);
    const options = { ...forOrganization, signal: controller.signal };
    expect(await failure(client.get('/x', {}, options))).toBe(reason);
    expect(server.requests).toEqual([]);
  });
});
