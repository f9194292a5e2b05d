/*
 * Whatever Meraki answers, nothing crashes and no row is dropped (I7): a list becomes rows to store and refused
 * rows, anything else the documented error. `RANDOM_BODIES` sets how many bodies each endpoint gets.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UnreachableError } from '../../../src/errors.ts';
import { apiResponses } from '../../../src/streams/api-responses.ts';
import { webhookLogs } from '../../../src/streams/webhook-logs.ts';
import { openWindow } from '../../../src/sync/open-window.ts';
import type { Reading, Stream } from '../../../src/sync/stream.ts';
import { anyBody, bucketList, webhookLogList } from '../../support/random-bodies.ts';
import { ASKED, NOW, SETTINGS } from '../../support/stream-reads.ts';
import { startClient, startServer } from '../meraki/loopback-server.ts';

const RUNS = Number(process.env['RANDOM_BODIES'] ?? 10_000);
const window = openWindow(ASKED, ASKED, NOW);

const unhandled: unknown[] = [];
const note = (error: unknown) => void unhandled.push(error);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

async function expectNothingDropped(
  streamOf: (client: ReturnType<typeof startClient>['client']) => Stream,
  bodies: fc.Arbitrary<Uint8Array>,
): Promise<void> {
  let body: Uint8Array = new Uint8Array();
  const server = await startServer((_request, response) => response.end(body));
  const stream = streamOf(startClient(server.url).client);
  const never = new AbortController().signal;
  const seen = { lists: 0, taken: 0, refused: 0, others: 0 };
  await fc.assert(
    fc.asyncProperty(bodies, async (sent) => {
      body = sent;
      const list = listOf(sent);
      const outcome = await stream.read(window, {}, never).catch((error: unknown) => error);
      if (list === undefined) {
        expect(outcome).toBeInstanceOf(UnreachableError);
        seen.others += 1;
        return;
      }
      expect(outcome).not.toBeInstanceOf(Error);
      expectTally(outcome as Reading, list, sent);
      seen.lists += 1;
      seen.taken += (outcome as Reading).tally.taken;
      seen.refused += (outcome as Reading).refused.length;
    }),
    { numRuns: RUNS },
  );
  expect(unhandled).toEqual([]);
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 50);
}

function listOf(body: Uint8Array): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function expectTally(reading: Reading, list: readonly unknown[], sent: Uint8Array): void {
  const { tally, refused } = reading;
  const accounted = tally.taken + tally.refused + tally.left;
  expect([tally.received, accounted, refused.length]).toEqual([list.length, list.length, tally.refused]);
  if (refused.length === 0) return;
  const text = Buffer.from(sent).toString('utf8');
  const numbers = new Map<string, number>();
  const wrong = refused.filter(({ raw, reason, copies }) => {
    const number = (numbers.get(raw) ?? 0) + 1;
    numbers.set(raw, number);
    // A byte that is not UTF-8 is kept as a surrogate of its own; all else is in the body to the letter.
    const isAsSent = text.includes(raw) || !raw.isWellFormed();
    return reason === '' || !isAsSent || copies !== number;
  });
  expect(wrong).toEqual([]);
}

test('I7 webhook logs: every row of any body is stored or refused', async () => {
  const key = { organizationId: '1', stream: 'webhook_logs', series: 'all' } as const;
  const bodies = anyBody(webhookLogList(ASKED, '1'));
  await expectNothingDropped((client) => webhookLogs(key, client, SETTINGS), bodies);
}, 300_000);

test('I7 api responses: every bucket of any body is stored, refused or left to a window that holds it whole', async () => {
  const key = { organizationId: '1', stream: 'api_responses', series: 'all' } as const;
  const bodies = anyBody(bucketList(ASKED));
  await expectNothingDropped((client) => apiResponses(key, client, SETTINGS, {}), bodies);
}, 300_000);
