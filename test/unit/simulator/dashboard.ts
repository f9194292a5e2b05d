import { onTestFinished } from 'vitest';
import {
  type Delivery,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../../src/simulator/simulator.ts';

/** Sunday 1 November 2026, 09:30:00.123 UTC. */
export const START = Date.UTC(2026, 10, 1, 9, 30, 0, 123);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const LOGS = 'webhooks/logs';
export const CODES = 'apiRequests/overview/responseCodes/byInterval';

export type Query = Record<string, string | number | readonly string[]>;

export interface Dashboard {
  readonly simulator: Simulator;
  /** Its clock: stands still unless a test moves it. */
  readonly clock: { now(): number; move(milliseconds: number): void };
  /** Id of an organization by its place in the list. */
  id(place: number): string;
  /** Asks for an organization-scoped path, with the right key. */
  ask(place: number, path: string, query?: Query): Promise<Response>;
  /** Any URL with the right key. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** Follows `next` until there is none. */
  readPages(place: number, query: Query, afterPage?: () => void): Promise<Delivery[][]>;
}

export async function startDashboard(options: SimulatorOptions = {}): Promise<Dashboard> {
  let now = START;
  const clock = {
    now: () => now,
    move: (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const simulator = await startSimulator({ rate: false, clock, ...options });
  onTestFinished(() => simulator.stop());
  const headers = { authorization: `Bearer ${simulator.key}` };
  const ask = (url: string, init: RequestInit = {}) => fetch(url, { headers, ...init });
  const id = (place: number) => simulator.organizations[place]?.id ?? '';
  const dashboard: Dashboard = {
    simulator,
    clock,
    id,
    fetch: ask,
    ask: (place, path, query = {}) =>
      ask(`${simulator.baseUrl}/organizations/${id(place)}/${path}?${queryString(query)}`),
    readPages: async (place, query, afterPage = () => undefined) => {
      const pages: Delivery[][] = [];
      let response: Response | undefined = await dashboard.ask(place, LOGS, query);
      while (response !== undefined) {
        if (response.status !== 200) throw new Error(await response.text());
        pages.push((await response.json()) as Delivery[]);
        afterPage();
        const next: string | undefined = linksOf(response)['next'];
        response = next === undefined ? undefined : await ask(next);
      }
      return pages;
    },
  };
  return dashboard;
}

export function linksOf(response: Response): Record<string, string> {
  const header = response.headers.get('link') ?? '';
  return Object.fromEntries([...header.matchAll(/<([^>]*)>; rel=(\w+)/g)].map(([, url, rel]) => [rel, url]));
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Rows as sorted texts: equal for equal multisets. */
export function multiset(rows: readonly Delivery[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === 'object') for (const one of value) parameters.append(`${name}[]`, one);
    else parameters.append(name, String(value));
  }
  return parameters.toString();
}
