import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import { createLog } from '../../../src/log.ts';
import { MerakiClient, type MerakiClientOptions } from '../../../src/meraki/client.ts';

export const KEY = '6bec40cf957de430a6f1f2baa056b99a4fac9ea0';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface LoopbackServer {
  /** Under the name `127.0.0.1`. */
  readonly url: string;
  readonly port: number;
  /** Every request that arrived, in order. */
  readonly requests: readonly IncomingMessage[];
}

/** A real HTTP server for one test; the handlers answer in turn, the last one from then on. */
export async function startServer(...handlers: readonly [Handler, ...Handler[]]): Promise<LoopbackServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const handler = handlers[Math.min(requests.length, handlers.length) - 1] ?? handlers[0];
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, requests };
}

export const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

export const ok = answer(200, []);

export const redirect = (location: string, status = 302): Handler => answer(status, '', { location });

/** A clock whose sleep is over at once; `slept` says what was asked of it. */
export interface RecordingClock extends Clock {
  readonly slept: number[];
}

export function recordingClock(start = Date.now()): RecordingClock {
  let now = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      slept.push(milliseconds);
      now += milliseconds;
    },
  };
}

export interface TestClient {
  readonly client: MerakiClient;
  readonly clock: RecordingClock;
  /** Organizations whose budget was asked, one entry a request; `-` for none. */
  readonly taken: string[];
  readonly paused: (readonly [string, number | undefined])[];
}

export function startClient(baseUrl: string, options: Partial<MerakiClientOptions> = {}): TestClient {
  const clock = recordingClock();
  const taken: string[] = [];
  const paused: (readonly [string, number | undefined])[] = [];
  const client = new MerakiClient({
    baseUrl,
    key: KEY,
    trustedHosts: ['127.0.0.1'],
    pace: {
      take: async (organizationId) => {
        taken.push(organizationId ?? '-');
        return 0;
      },
      pause: async (organizationId, askedMs) => {
        paused.push([organizationId, askedMs]);
      },
    },
    clock,
    log: createLog({ level: 'silent', format: 'json', secrets: [] }),
    random: () => 0.5,
    ...options,
  });
  onTestFinished(() => client.close());
  return { client, clock, taken, paused };
}

export const forOrganization = { organizationId: '1' };

/** What the promise rejects with. */
export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
