import { Agent, type Dispatcher } from 'undici';
import { ClockSkew } from './clock-skew.ts';

/** How long a connection may say nothing, and a whole request may take. */
export const TIMEOUT_MS = 60_000;
/** More than all places of a worker ask for together: no request of `live` waits for answers to history. */
const MOST_AT_ONCE = 64;

/** What clients of the same key have in common. */
export interface Connections {
  readonly agent: Dispatcher;
  readonly skew: ClockSkew;
}

export function openConnections(): Connections {
  const agent = new Agent({
    connections: MOST_AT_ONCE,
    pipelining: 1,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connect: { timeout: 10_000 },
  });
  return { agent, skew: new ClockSkew() };
}
