/* The clock of the source, as the Date header of its answers tells it. */
import { describe, expect, test } from 'vitest';
import { instantOfMilliseconds } from '../../../src/instant.ts';
import { answer, type RecordingClock, recordingClock, startClient, startServer } from './loopback-server.ts';

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
