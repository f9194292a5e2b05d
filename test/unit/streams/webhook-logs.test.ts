import { expect, test } from 'vitest';
import { formatInstant, instantOfMilliseconds } from '../../../src/instant.ts';
import { type WebhookLogsSettings, webhookLogs } from '../../../src/streams/webhook-logs.ts';
import type { LearnedLimits } from '../../../src/sync/limits.ts';
import { type OpenWindow, openWindow } from '../../../src/sync/open-window.ts';
import { planBackfill } from '../../../src/sync/plan.ts';
import type { Reading, Stream } from '../../../src/sync/stream.ts';
import { answer, type LoopbackServer, startClient, startServer } from '../meraki/loopback-server.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const DAY = 86_400 * SECOND;
const NOW = instantOfMilliseconds(Date.now());
const settings: WebhookLogsSettings = {
  everySeconds: 300,
  lookback: 90 * DAY,
  span: 31 * DAY,
  settle: 15 * MINUTE,
  perPage: 1_000,
  quarantineLimit: 100_000,
};
const key = { organizationId: '1', stream: 'webhook_logs', series: 'all' } as const;
const claim = { from: NOW - 3 * DAY, to: NOW - 2 * DAY };
const asked = { from: claim.from - SECOND, to: claim.to + 120 * SECOND };
const never = new AbortController().signal;

const row = (sentAt: number, fields: Record<string, unknown> = {}) => ({
  organizationId: '1',
  networkId: 'N_1',
  alertType: 'a',
  url: 'https://x.example/h',
  sentAt: formatInstant(sentAt),
  loggedAt: formatInstant(sentAt + SECOND),
  responseCode: 200,
  responseDuration: 9,
  ...fields,
});

const streamOf = (server: LoopbackServer): Stream =>
  webhookLogs(key, startClient(server.url).client, settings);
const read = (stream: Stream, window: OpenWindow, learned: LearnedLimits = {}): Promise<Reading> =>
  stream.read(window, learned, never);
const fresh = openWindow(claim, asked, NOW - settings.settle);

test('asks for the window with six digits, as long as a page can be', async () => {
  const server = await startServer(answer(200, []));
  await read(streamOf(server), fresh);
  const url = new URL(server.requests[0]?.url ?? '', server.url);
  expect(url.pathname).toBe('/organizations/1/webhooks/logs');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    t0: formatInstant(asked.from),
    t1: formatInstant(asked.to),
    perPage: '1000',
  });
});

test('follows the page token, not the window', async () => {
  const server = await startServer(answer(200, []));
  const pageToken = `${server.url}/organizations/1/webhooks/logs?startingAfter=abc`;
  await read(streamOf(server), { ...fresh, pageToken, pages: 1 });
  expect(server.requests[0]?.url).toBe('/organizations/1/webhooks/logs?startingAfter=abc');
});

test('I2 a window read whole is final up to where it had settled, provisional from there', async () => {
  const server = await startServer(answer(200, [row(claim.from + 5)]));
  const finalUntil = claim.to - 10;
  const { window, claims } = await read(streamOf(server), { ...fresh, finalUntil });
  expect(window).toBeNull();
  expect(claims).toEqual([
    {
      intervalSeconds: 0,
      final: [{ from: claim.from, to: finalUntil }],
      provisional: [{ from: finalUntil, to: claim.to }],
      retracted: [],
    },
  ]);
});

test('I7 rows that do not validate go to quarantine with their text, the others go on', async () => {
  const bad = [row(claim.from, { url: null }), 'text', row(claim.from, { organizationId: '2' })];
  const outside = [row(asked.to + DAY + 1), row(asked.from - DAY - 1)];
  const good = [row(claim.from + 1), row(claim.from + 2)];
  const server = await startServer(answer(200, [...bad, ...outside, ...good]));
  const { refused, claims, partitions } = await read(streamOf(server), fresh);
  expect(refused.map(({ raw }) => JSON.parse(raw))).toEqual([...bad, ...outside]);
  expect(refused.every(({ reason }) => reason !== '')).toBe(true);
  expect(claims[0]?.final).toEqual([claim]);
  expect(partitions).toEqual([
    { table: 'webhook_deliveries', range: { from: claim.from + 1, to: claim.from + 3 } },
  ]);
});

/** Meraki may well add such fields one day. */
test.each([{ reason: 'timeout' }, { ok: false }])(
  'I7 a row with the new field %j is no refused row',
  async (field) => {
    const server = await startServer(answer(200, [row(claim.from + 1, field)]));
    expect((await read(streamOf(server), fresh)).refused).toEqual([]);
  },
);

test('unsorted after the first page: learned, and the window is planned anew', async () => {
  const server = await startServer(answer(200, [row(claim.from + 9 * MINUTE)], { link: '</n>; rel=next' }));
  const window: OpenWindow = {
    ...fresh,
    pageToken: `${server.url}/x`,
    pages: 1,
    order: 'ascending',
    lastInstant: claim.from + 30 * MINUTE,
  };
  const reading = await read(streamOf(server), window, { span: 7 * DAY });
  expect(reading.window).toBeNull();
  expect(reading.learned).toEqual({ span: 7 * DAY, order: 'unordered', wholeSpan: DAY });
  expect(reading.claims[0]).toMatchObject({ final: [], provisional: [], retracted: [claim] });
});

test('a row out of turn in a log that was known to be sorted: taken back, and to be proven anew', async () => {
  const server = await startServer(answer(200, [row(claim.from + 9 * MINUTE)], { link: '</n>; rel=next' }));
  const window: OpenWindow = {
    ...openWindow(claim, asked, claim.to, 'ascending'),
    pageToken: `${server.url}/x`,
    pages: 1,
    order: 'ascending',
    lastInstant: claim.from + 30 * MINUTE,
  };
  const reading = await read(streamOf(server), window, { order: 'ascending', span: 7 * DAY });
  expect(reading).toMatchObject({
    window: null,
    learned: { span: 7 * DAY, disproved: 'ascending' },
    anew: true,
  });
  expect(reading.learned).not.toHaveProperty('order');
  expect(reading.claims[0]).toMatchObject({ final: [], provisional: [], retracted: [claim] });
});

test('a window read whole teaches the order once, and is not read again for it', async () => {
  const rows = Array.from({ length: 20 }, (_, index) => row(claim.from + index));
  const server = await startServer(answer(200, rows), answer(200, rows), answer(200, rows));
  const stream = streamOf(server);
  const reading = await read(stream, fresh, { wholeSpan: DAY, disproved: 'ascending' });
  expect(reading).toMatchObject({ learned: { order: 'ascending' }, anew: false, window: null });
  expect(reading.learned).not.toHaveProperty('disproved');
  expect(reading.learned).not.toHaveProperty('wholeSpan');
  expect(await read(stream, fresh, { order: 'ascending' })).toMatchObject({ learned: null, anew: false });
  // The other lane had windows made short when this one had proven the order.
  const both = await read(stream, fresh, { order: 'ascending', wholeSpan: DAY });
  expect(both).toMatchObject({ learned: { order: 'ascending' }, anew: false });
  expect(both.learned).not.toHaveProperty('wholeSpan');
});

test('I3 windows that were made short become longer again while they are read whole with ease', async () => {
  const server = await startServer(answer(200, [row(claim.from)]));
  for (const order of ['unordered', undefined] as const) {
    const learned = { ...(order && { order }), wholeSpan: DAY };
    const window = openWindow(claim, asked, claim.to, order);
    const reading = await read(streamOf(server), window, learned);
    const twice = 2 * (asked.to - asked.from);
    expect(reading).toMatchObject({ learned: { ...learned, wholeSpan: twice }, anew: false });
    // Another window, read at the same time, has taught as much already.
    expect((await read(streamOf(server), window, { ...learned, wholeSpan: twice })).learned).toBeNull();
    const laborious = await read(streamOf(server), { ...window, pages: 5 }, learned);
    expect(laborious.learned).toBeNull();
    const wide = await read(streamOf(server), window, { ...learned, wholeSpan: 31 * DAY });
    expect(wide.learned).toBeNull();
  }
});

test('a log known to be unsorted is opened as such, in short windows', async () => {
  const stream = streamOf(await startServer(answer(200, [])));
  const learned = { order: 'unordered', wholeSpan: DAY } as const;
  const situation = stream.situation(new Map(), 0, learned);
  const planned = planBackfill(situation);
  expect(situation.span).toBe(DAY);
  if (planned === undefined) throw new Error('nothing planned');
  expect(stream.open(planned, learned).order).toBe('unordered');
  expect(stream.open(planned, {}).order).toBe('unknown');
});

/** Whether Meraki includes the ends of a window, and cuts it by sentAt or by loggedAt, is not documented. */
test('I1 a window asks a second before what it claims and two minutes behind it', async () => {
  const stream = streamOf(await startServer(answer(200, [])));
  const planned = planBackfill(stream.situation(new Map(), 0, {}));
  if (planned === undefined) throw new Error('nothing planned');
  expect(planned.claim.from - planned.asked.from).toBe(SECOND);
  expect(planned.asked.to - planned.claim.to).toBe(120 * SECOND);
});

test('I2 what has settled is told from when the window was planned, not from when it is opened', async () => {
  const stream = streamOf(await startServer(answer(200, [])));
  const openedAt = stream.now() - 10 * MINUTE;
  expect(stream.open({ openedAt, claim, asked }, {})).toMatchObject({
    claim,
    asked,
    finalUntil: openedAt - settings.settle,
  });
});

/** Opens the next window as the loop does and reads the page at which an unsorted window is given up. */
async function twentiethPage(
  stream: Stream,
  learned: LearnedLimits,
): Promise<{ length: number; reading: Reading }> {
  const planned = planBackfill(stream.situation(new Map(), 0, learned));
  if (planned === undefined) throw new Error('nothing planned');
  const window = { ...stream.open(planned, learned), pages: 19 };
  return { length: planned.claim.to - planned.claim.from, reading: await read(stream, window, learned) };
}

test('I3 an unsorted window that has taken 20 pages is cut in half: its counts are kept until it ends', async () => {
  const stream = streamOf(await startServer(answer(200, [], { link: '</n>; rel=next' })));
  const { length, reading } = await twentiethPage(stream, { order: 'unordered', wholeSpan: DAY });
  expect(reading.window).toBeNull();
  expect(reading.learned?.wholeSpan).toBeLessThan(length / 2 + 122 * SECOND);
});

/** Else the same window would be planned, read for 20 pages and given up, without end. */
test('I3 an unsorted log that is busier than the shortest window allows still moves on', async () => {
  const stream = streamOf(await startServer(answer(200, [], { link: '</n>; rel=next' })));
  let learned: LearnedLimits = { order: 'unordered', wholeSpan: DAY };
  let before = Number.POSITIVE_INFINITY;
  for (let halvings = 0; halvings < 40; halvings += 1) {
    const { length, reading } = await twentiethPage(stream, learned);
    if (reading.window !== null) return;
    expect(length).toBeLessThan(before);
    before = length;
    learned = reading.learned ?? learned;
  }
});
