/* Answers that may pass are asked for again, at the pace that the organization is given; and what that took. */
import { describe, expect, test } from 'vitest';
import { RateLimitedError, UnreachableError } from '../../../src/errors.ts';
import {
  answer,
  failure,
  forOrganization,
  ok,
  recordingClock,
  redirect,
  startClient,
  startServer,
} from './loopback-server.ts';

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

test('its effort is all that was sent and waited for, whatever came of it', async () => {
  const server = await startServer(
    answer(500, ''),
    redirect('/y'),
    answer(403, ''),
    ok,
    (_request, response) => {
      response.flushHeaders();
      response.write('[');
    },
  );
  const { client, clock } = startClient(server.url, {
    pace: { take: async () => 250, pause: async () => {} },
  });
  expect(client.effort).toEqual({ requests: 0, waitedMs: 0 });
  await failure(client.get('/x', {}, forOrganization));
  await client.get('/x', {}, forOrganization);
  const ending = new AbortController();
  const ended = failure(client.get('/x', {}, { ...forOrganization, signal: ending.signal }));
  await expect.poll(() => server.requests.length).toBe(5);
  ending.abort();
  await ended;
  const slept = clock.slept.reduce((sum, wait) => sum + wait, 0);
  expect(client.effort).toEqual({ requests: 5, waitedMs: 4 * 250 + slept });
  expect(slept).toBeGreaterThan(0);
  expect(client.inLane('backfill').effort).toEqual({ requests: 0, waitedMs: 0 });
});
