import { expect, test } from 'vitest';
import { heldBy } from '../../support/held-by-signal.ts';
import { answer, redirect, startClient, startServer } from './loopback-server.ts';

test('requests leave nothing on the signal that they were sent with', async () => {
  const server = await startServer(redirect('/y'), answer(503, 'busy'), answer(200, []));
  const { client } = startClient(server.url);
  const { signal } = new AbortController();
  for (let times = 0; times < 3; times += 1) await client.get('/x', {}, { signal });
  expect(server.requests).toHaveLength(5);
  expect(heldBy(signal)).toBe(0);
});
