/* Where the key goes: redirects and next pages are followed to trusted hosts only. */
import { describe, expect, test } from 'vitest';
import { PagingError, UnreachableError, UntrustedHostError } from '../../../src/errors.ts';
import { answer, failure, KEY, ok, redirect, startClient, startServer } from './loopback-server.ts';

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
