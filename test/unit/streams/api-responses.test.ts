import { expect, test } from 'vitest';
import { formatInstant } from '../../../src/instant.ts';
import { type ApiResponsesSettings, apiResponses } from '../../../src/streams/api-responses.ts';
import { openWindow } from '../../../src/sync/open-window.ts';
import type { Reading } from '../../../src/sync/stream.ts';
import { answer, type LoopbackServer, startClient, startServer } from '../meraki/loopback-server.ts';

const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;
const MIDNIGHT = 1_767_225_600 * SECOND; // 2026-01-01T00:00:00Z
const settings: ApiResponsesSettings = {
  everySeconds: 900,
  lookback: 31 * DAY,
  span: 31 * DAY,
  settle: 600 * SECOND,
  intervalSeconds: 120,
  quarantineLimit: 100_000,
};
const key = { organizationId: '1', stream: 'api_responses', series: 'all' } as const;
const settled = Number.MAX_SAFE_INTEGER;

const buckets = (width: number, from: number, to: number, counts: unknown = [{ code: 200, count: 5 }]) =>
  Array.from({ length: (to - from) / width }, (_, place) => ({
    startTs: formatInstant(from + place * width),
    endTs: formatInstant(from + (place + 1) * width),
    counts,
  }));

async function reading(
  body: unknown,
  from: number,
  to: number,
  more = {},
): Promise<[Reading, LoopbackServer]> {
  const server = await startServer(answer(200, body));
  const stream = apiResponses(key, startClient(server.url).client, settings, more);
  const window = openWindow({ from, to }, { from, to }, settled);
  return [await stream.read(window, {}, new AbortController().signal), server];
}

test('asks for the window, the width and the filters', async () => {
  const filters = { version: 1, operationIds: ['getA', 'getB'], userAgent: 'x y' } as const;
  const [, server] = await reading([], MIDNIGHT, MIDNIGHT + HOUR, filters);
  const url = new URL(server.requests[0]?.url ?? '', server.url);
  expect(url.pathname).toBe('/organizations/1/apiRequests/overview/responseCodes/byInterval');
  expect([...url.searchParams]).toEqual([
    ['t0', '2026-01-01T00:00:00.000000Z'],
    ['t1', '2026-01-01T01:00:00.000000Z'],
    ['interval', '120'],
    ['version', '1'],
    ['operationIds[]', 'getA'],
    ['operationIds[]', 'getB'],
    ['userAgent', 'x y'],
  ]);
});

test('I5 what has settled is told from when the window was planned, not from when it is opened', async () => {
  const server = await startServer(answer(200, []));
  const stream = apiResponses(key, startClient(server.url).client, settings, {});
  const claim = { from: MIDNIGHT, to: MIDNIGHT + HOUR };
  const { finalUntil } = stream.open({ openedAt: claim.to, claim, asked: claim }, {});
  expect(finalUntil).toBe(claim.to - settings.settle);
});

test('whole settled buckets are claimed at their width', async () => {
  const [{ claims, window, learned }] = await reading(
    buckets(120 * SECOND, MIDNIGHT, MIDNIGHT + HOUR),
    MIDNIGHT,
    MIDNIGHT + HOUR,
  );
  expect(window).toBeNull();
  expect(learned).toBeNull();
  expect(claims).toEqual([
    { intervalSeconds: 120, final: [{ from: MIDNIGHT, to: MIDNIGHT + HOUR }], provisional: [] },
  ]);
});

test('I5 an empty answer is believed when it is given twice', async () => {
  const claim = { from: MIDNIGHT, to: MIDNIGHT + HOUR };
  const window = openWindow(claim, claim, settled);
  const read = async (server: LoopbackServer): Promise<Reading> => {
    const stream = apiResponses(key, startClient(server.url).client, settings, {});
    return await stream.read(window, {}, new AbortController().signal);
  };
  const half = buckets(120 * SECOND, MIDNIGHT, MIDNIGHT + HOUR / 2);
  const passing = await startServer(answer(200, []), answer(200, half));
  const claimed = (await read(passing)).claims.flatMap(({ final }) => final);
  expect(claimed).toEqual([{ from: MIDNIGHT, to: MIDNIGHT + HOUR / 2 }]);
  const idle = await startServer(answer(200, []));
  expect((await read(idle)).claims.flatMap(({ final }) => final)).toEqual([claim]);
  expect(idle.requests).toHaveLength(2);
});

test('coarser buckets than asked: shorter windows from then on', async () => {
  const body = buckets(6 * HOUR, MIDNIGHT, MIDNIGHT + DAY);
  const [{ claims, learned }] = await reading(body, MIDNIGHT, MIDNIGHT + DAY);
  expect(claims[0]).toMatchObject({ intervalSeconds: 21_600 });
  expect(learned).toEqual({ fineSpan: DAY / 2 });
});

test('finer buckets than asked: asked for from then on, so that idle edges can be asked alone', async () => {
  const stream = apiResponses(
    key,
    startClient(
      (await startServer(answer(200, buckets(120 * SECOND, MIDNIGHT + 240 * SECOND, MIDNIGHT + HOUR)))).url,
    ).client,
    { ...settings, intervalSeconds: 14_400 },
    {},
  );
  const claim = { from: MIDNIGHT, to: MIDNIGHT + 4 * HOUR };
  const { learned, anew } = await stream.read(
    openWindow(claim, claim, settled),
    {},
    new AbortController().signal,
  );
  expect({ learned, anew }).toEqual({ learned: { finerInterval: 120 }, anew: true });
  expect(stream.situation(new Map(), 0, learned ?? {}).grid).toBe(120 * SECOND);
});

test('another width than asked teaches only when it is answered twice', async () => {
  const claim = { from: MIDNIGHT, to: MIDNIGHT + HOUR };
  const right = buckets(120 * SECOND, claim.from, claim.to);
  const server = await startServer(answer(200, buckets(HOUR, claim.from, claim.to)), answer(200, right));
  const stream = apiResponses(key, startClient(server.url).client, settings, {});
  const read = await stream.read(openWindow(claim, claim, settled), {}, new AbortController().signal);
  expect(read).toMatchObject({ learned: null, anew: false, requests: 2 });
  expect(read.claims).toEqual([{ intervalSeconds: 120, final: [claim], provisional: [] }]);
});

test('coarser buckets even in a short window: there are no finer ones', async () => {
  const [{ learned }] = await reading(
    buckets(HOUR, MIDNIGHT, MIDNIGHT + 2 * HOUR),
    MIDNIGHT,
    MIDNIGHT + 2 * HOUR,
  );
  expect(learned).toEqual({ finestInterval: 3_600 });
});

test('I7 a bucket that does not validate goes to quarantine, the page goes on', async () => {
  const bad = { startTs: 'never', endTs: 'ever', counts: [] };
  const good = buckets(120 * SECOND, MIDNIGHT, MIDNIGHT + HOUR);
  const [{ refused, claims }] = await reading([...good, bad], MIDNIGHT, MIDNIGHT + HOUR);
  const reason = 'startTs: is not an ISO 8601 timestamp';
  expect(refused).toEqual([{ raw: JSON.stringify(bad), reason, sentAt: null, copies: 1 }]);
  expect(claims[0]?.final).toEqual([{ from: MIDNIGHT, to: MIDNIGHT + HOUR }]);
});

/** Else the hour would show fewer requests than there were. */
test('I2 I7 the place of a quarantined bucket is not claimed as idle', async () => {
  const all = buckets(120 * SECOND, MIDNIGHT, MIDNIGHT + HOUR);
  const body = all.map((bucket, place) => (place === 3 ? { ...bucket, counts: null } : bucket));
  const [{ claims }] = await reading(body, MIDNIGHT, MIDNIGHT + HOUR);
  const hole = MIDNIGHT + 3 * 120 * SECOND;
  const claimed = claims.flatMap(({ final }) => final).some(({ from, to }) => from <= hole && hole < to);
  expect(claimed).toBe(false);
});
