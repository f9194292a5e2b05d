import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import {
  KeyRefusedError,
  OrganizationRefusedError,
  PagingError,
  RateLimitedError,
  UnreachableError,
  UntrustedHostError,
  WindowRefusedError,
} from '../../../src/errors.ts';
import { instantOfMilliseconds } from '../../../src/instant.ts';
import {
  answer,
  KEY,
  type RecordingClock,
  recordingClock,
  redirect,
  startClient,
  startServer,
} from './loopback-server.ts';

const ok = answer(200, []);
const forOrganization = { organizationId: '1' };
/** What the promise rejects with. */
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

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

describe('what may pass is asked again', () => {
  test.each([
    [
      'an HTML page from a proxy',
      answer(502, '<html><h1>Bad Gateway</h1></html>', { 'content-type': 'text/html' }),
    ],
    ['JSON cut short', answer(200, '[{"a":1},{"b"')],
    ['an empty body', answer(200, '')],
    ['HTML with status 200', answer(200, '<html>login</html>')],
    ['JSON that is not a list', answer(200, { message: 'try again' })],
  ])('%s', async (_, bad) => {
    const server = await startServer(bad, bad, answer(200, ['good']));
    const { client, clock } = startClient(server.url);
    expect(await client.get('/x', {})).toMatchObject({ body: ['good'], requests: 3, waitedMs: 1_500 });
    expect(clock.slept).toEqual([500, 1_000]);
  });

  test('a body cut in the middle', async () => {
    const server = await startServer(
      (_request, response) => {
        response.writeHead(200, { 'content-length': '1000', 'content-type': 'application/json' });
        response.write('[1,2,');
        setTimeout(() => response.destroy(), 10);
      },
      answer(200, ['whole']),
    );
    expect(await startClient(server.url).client.get('/x', {})).toMatchObject({
      body: ['whole'],
      requests: 2,
    });
  });

  test('a connection that is dropped before any answer', async () => {
    const server = await startServer((request) => request.socket.destroy(), answer(200, ['there']));
    expect(await startClient(server.url).client.get('/x', {})).toMatchObject({
      body: ['there'],
      requests: 2,
    });
  });

  test('nobody listening: unreachable, with the host and the reason', async () => {
    const { client, clock } = startClient('http://127.0.0.1:9');
    const error = await failure(client.get('/x', {}));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error).toMatchObject({ facts: { host: '127.0.0.1:9' } });
    expect(clock.slept).toHaveLength(5);
  });
});

describe('429', () => {
  test('Retry-After is obeyed, and everybody of the organization waits', async () => {
    const server = await startServer(answer(429, '', { 'retry-after': '7' }), ok);
    const { client, clock, paused } = startClient(server.url);
    expect(await client.get('/x', {}, forOrganization)).toMatchObject({ requests: 2, waitedMs: 7_000 });
    expect(clock.slept).toEqual([7_000]);
    expect(paused).toEqual([['1', 7_000]]);
  });

  test('Retry-After as a date', async () => {
    const clock = recordingClock(Date.UTC(2026, 0, 1));
    const date = new Date(Date.UTC(2026, 0, 1, 0, 0, 9)).toUTCString();
    const server = await startServer(answer(429, '', { 'retry-after': date }), ok);
    await startClient(server.url, { clock }).client.get('/x', {});
    expect(clock.slept).toEqual([9_000]);
  });

  test('without Retry-After: backs off, more each time', async () => {
    const server = await startServer(answer(429, ''));
    const { client, clock, paused } = startClient(server.url);
    expect(await failure(client.get('/x', {}, forOrganization))).toBeInstanceOf(RateLimitedError);
    expect(clock.slept).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
    // The sixth refusal ends the page here, and the others of the organization wait all the same.
    expect(paused).toEqual(Array.from({ length: 6 }, () => ['1', undefined]));
  });

  test('an absurd Retry-After is capped, and the page gives up within minutes', async () => {
    const server = await startServer(answer(429, '', { 'retry-after': '86400' }));
    const { client, clock } = startClient(server.url);
    expect(await failure(client.get('/x', {}))).toBeInstanceOf(RateLimitedError);
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(60_000);
    expect(clock.slept.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(6 * 60_000);
  });

  test('other failures slow down nobody else', async () => {
    const server = await startServer(answer(500, ''), ok);
    const { client, paused } = startClient(server.url);
    await client.get('/x', {}, forOrganization);
    expect(paused).toEqual([]);
  });
});

describe('the pace', () => {
  test('is asked once an attempt, for the organization', async () => {
    const server = await startServer(answer(500, ''), answer(500, ''), ok);
    const { client, taken } = startClient(server.url);
    await client.get('/x', {}, forOrganization);
    expect(taken).toEqual(['1', '1', '1']);
  });

  test('is asked for the address alone where there is no organization', async () => {
    const { client, taken } = startClient((await startServer(ok)).url);
    await client.get('/x', {});
    expect(taken).toEqual(['-']);
  });

  test('is told the lane', async () => {
    const lanes: string[] = [];
    const { client } = startClient((await startServer(ok)).url, {
      pace: {
        take: async (_organizationId, lane) => {
          lanes.push(lane);
          return 0;
        },
        pause: async () => {},
      },
    });
    await client.get('/x', {}, forOrganization);
    await client.inLane('backfill').get('/x', {}, forOrganization);
    expect(lanes).toEqual(['live', 'backfill']);
  });

  test('counts as time waited', async () => {
    const { client } = startClient((await startServer(ok)).url, {
      pace: { take: async () => 250, pause: async () => {} },
    });
    expect(await client.get('/x', {}, forOrganization)).toMatchObject({ waitedMs: 250 });
  });
});

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('%d is followed, with the key, to a trusted host', async (status) => {
    const shard = await startServer(answer(200, ['shard']));
    const server = await startServer(redirect(`${shard.url}/y?z=1`, status));
    const got = await startClient(server.url).client.get('/x', {});
    expect(got).toMatchObject({ body: ['shard'], requests: 2 });
    expect(shard.requests[0]).toMatchObject({ method: 'GET', url: '/y?z=1' });
    expect(shard.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test('may be relative', async () => {
    const server = await startServer(redirect('../b?c=d'), ok);
    await startClient(`${server.url}/api/v1`).client.get('/x/a', {});
    expect(server.requests[1]?.url).toBe('/api/v1/b?c=d');
  });

  test('I8 to an untrusted host is not followed: that host hears nothing', async () => {
    const thief = await startServer(ok);
    const server = await startServer(redirect(`http://127.0.0.1:${thief.port}/steal`));
    const { client } = startClient(`http://localhost:${server.port}`, { trustedHosts: ['localhost'] });
    expect(await failure(client.get('/x', {}))).toBeInstanceOf(UntrustedHostError);
    expect(server.requests).toHaveLength(1);
    expect(thief.requests).toEqual([]);
  });

  test.each([
    'http://evil.example/',
    'https://evilmeraki.com/',
    'https://127.0.0.1.evil.com/',
    '//evil.example/x',
    'file:///etc/passwd',
  ])('I8 to %s is not followed', async (location) => {
    const server = await startServer(redirect(location));
    expect(await failure(startClient(server.url).client.get('/x', {}))).toBeInstanceOf(UntrustedHostError);
    expect(server.requests).toHaveLength(1);
  });

  test('I8 a next page on an untrusted host is not asked, and no checkpoint gets to hold it', async () => {
    const thief = await startServer(ok);
    const link = `<http://127.0.0.1:${thief.port}/x?startingAfter=1>; rel=next`;
    const server = await startServer(answer(200, [], { link }));
    const { client } = startClient(`http://localhost:${server.port}`, { trustedHosts: ['localhost'] });
    expect(await failure(client.get('/x', {}))).toBeInstanceOf(UntrustedHostError);
    expect(await failure(client.follow(`http://127.0.0.1:${thief.port}/x`))).toBeInstanceOf(
      UntrustedHostError,
    );
    expect(thief.requests).toEqual([]);
  });

  test('I8 what Meraki says back is told without the key', async () => {
    for (const status of [400, 401, 403, 500]) {
      const server = await startServer(answer(status, { errors: [`key ${KEY} has no access`] }));
      const error = await failure(startClient(server.url).client.get('/x', {}));
      expect(String(error)).toContain('key *** has no access');
      expect(String(error)).not.toContain(KEY);
    }
  });

  test('I8 a next page whose address repeats the key is not kept', async () => {
    const server = await startServer(answer(200, [], { link: `</x?startingAfter=${KEY}>; rel=next` }));
    const error = await failure(startClient(server.url).client.get('/x', {}));
    expect(error).toBeInstanceOf(PagingError);
    expect(String(error)).not.toContain(KEY);
  });

  test('in a circle end as unreachable', async () => {
    const server = await startServer(redirect('/x'));
    const { client } = startClient(server.url);
    expect(await failure(client.get('/x', {}))).toBeInstanceOf(UnreachableError);
    expect(server.requests.length).toBeLessThanOrEqual(6 * 6);
  });

  test('without an address are no answer', async () => {
    const server = await startServer(answer(302, ''), ok);
    expect(await startClient(server.url).client.get('/x', {})).toMatchObject({ requests: 2 });
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

describe('the clock of the source', () => {
  const START = Date.UTC(2026, 0, 1, 12);
  const dated = (milliseconds: number) => answer(200, [], { date: new Date(milliseconds).toUTCString() });
  const skewAfter = async (milliseconds: number): Promise<[number, RecordingClock, number]> => {
    const clock = recordingClock(START);
    const server = await startServer(dated(milliseconds));
    const { client } = startClient(server.url, { clock });
    await client.get('/x', {});
    return [client.clockSkewMs, clock, client.now()];
  };

  test.each([
    ['ten minutes ahead', 600_000, 600_000],
    ['a minute behind', -60_000, -60_000],
    ['less than the header can tell', 2_000, 0],
    ['the same', 0, 0],
  ])('%s', async (_, ahead, skew) => {
    // Too little to be called a skew is followed all the same: `now` is never ahead of the header.
    const [measured, clock, now] = await skewAfter(START + ahead);
    expect(measured).toBe(skew);
    expect(now).toBe(instantOfMilliseconds(clock.now() + ahead));
  });

  test('is measured anew with each answer', async () => {
    const clock = recordingClock(START);
    const server = await startServer(dated(START + 600_000), dated(START));
    const { client } = startClient(server.url, { clock });
    await client.get('/x', {});
    await client.get('/x', {});
    expect(client.clockSkewMs).toBe(0);
  });

  test('an unreadable date changes nothing', async () => {
    const clock = recordingClock(START);
    const server = await startServer(dated(START + 600_000), answer(200, [], { date: 'today' }));
    const { client } = startClient(server.url, { clock });
    await client.get('/x', {});
    await client.get('/x', {});
    expect(client.clockSkewMs).toBe(600_000);
  });
});
