import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Instant, instantOfMilliseconds, instantOfSeconds, parseInstant } from '../../../src/instant.ts';
import { type DashboardPlan, type PlannedOrganization, planOrganizations } from './dashboard-plan.ts';
import { createDeliveryDay } from './delivery-day.ts';
import { DeliveryLog } from './delivery-log.ts';

/** What the server did so far. */
export interface DashboardFigures {
  readonly requests: number;
  readonly rows: number;
  readonly bytes: number;
  /** CPU time of its process, user and system. */
  readonly cpuMicroseconds: number;
}

export const FIGURES_PATH = '/figures';
const API = '/api/v1';
const DAY = instantOfSeconds(86_400);
const LOOKBACK = 90 * DAY;
const LONGEST_WINDOW = 31 * DAY;

type Answer = { readonly status: number; readonly body: Buffer | string; readonly link?: string };

/** Serves what Meraki would: the operations that the program uses, with Meraki's limits on time, and none on speed. */
export function createDashboard(plan: DashboardPlan): Server {
  const planned = planOrganizations(plan);
  const logs = new Map(planned.map((organization) => [organization.customer.id, logOf(organization)]));
  let requests = 0;
  let rows = 0;
  let bytes = 0;

  const answer = (url: URL): Answer => {
    const { pathname } = url;
    if (pathname === FIGURES_PATH) {
      const { user, system } = process.cpuUsage();
      const figures: DashboardFigures = { requests, rows, bytes, cpuMicroseconds: user + system };
      return { status: 200, body: JSON.stringify(figures) };
    }
    const [, id = '', what = ''] = /^\/api\/v1\/organizations\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
    requests += 1;
    if (pathname === `${API}/organizations`)
      return { status: 200, body: JSON.stringify(planned.map(listed)) };
    const organization = planned.find(({ customer }) => customer.id === id);
    const log = logs.get(id);
    if (organization === undefined || log === undefined) return refusal(404, 'Not Found');
    if (what === 'networks') return { status: 200, body: JSON.stringify(networksOf(organization)) };
    if (what === 'apiRequests/overview/responseCodes/byInterval') return { status: 200, body: '[]' };
    if (what !== 'webhooks/logs') return refusal(404, 'Not Found');
    const page = pageOf(log, url);
    if ('status' in page) return page;
    rows += page.rows;
    bytes += page.body.length;
    return { status: 200, body: page.body, ...(page.link !== undefined && { link: page.link }) };
  };

  return createServer({ keepAliveTimeout: 60_000 }, (request: IncomingMessage, response: ServerResponse) => {
    const { status, body, link } = answer(new URL(request.url ?? '/', `http://${request.headers.host}`));
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      ...(link !== undefined && { link }),
    });
    response.end(body);
  });
}

function logOf({ customer, rows, rowsPerDay, from }: PlannedOrganization): DeliveryLog {
  return new DeliveryLog(createDeliveryDay(customer, rowsPerDay), from, rows);
}

function pageOf(
  log: DeliveryLog,
  url: URL,
): Answer | { readonly body: Buffer; readonly rows: number; readonly link: string | undefined } {
  const { searchParams } = url;
  const from = instantOf(searchParams.get('t0'));
  const to = instantOf(searchParams.get('t1'));
  const perPage = Number(searchParams.get('perPage') ?? 50);
  const after = searchParams.get('startingAfter');
  if (from === undefined || to === undefined || to <= from) return refusal(400, 'no such time');
  if (to - from > LONGEST_WINDOW) return refusal(400, 'the window is longer than 31 days');
  if (from < instantOfMilliseconds(Date.now()) - LOOKBACK) return refusal(400, 't0 lies too far back');
  if (!Number.isInteger(perPage) || perPage < 3 || perPage > 1_000) return refusal(400, 'perPage');
  const { first, end } = log.within({ from, to });
  const start = after === null ? first : Number.parseInt(after, 36);
  if (!(start >= first && start <= end)) return refusal(400, 'startingAfter');
  const stop = Math.min(end, start + perPage);
  const next = new URL(url);
  next.searchParams.set('startingAfter', stop.toString(36));
  return {
    body: log.page(start, stop),
    rows: stop - start,
    link: stop < end ? `<${next.href}>; rel=next` : undefined,
  };
}

function instantOf(text: string | null): Instant | undefined {
  return text === null ? undefined : parseInstant(text);
}

function refusal(status: number, why: string): Answer {
  return { status, body: JSON.stringify({ errors: [why] }) };
}

function listed({ customer: { id, name } }: PlannedOrganization) {
  return {
    id,
    name,
    url: `https://dashboard.example.com/o/${id}`,
    api: { enabled: true },
    cloud: { region: { name: 'Europe' } },
  };
}

function networksOf({ customer }: PlannedOrganization) {
  return customer.networks.map(({ id, name, productTypes, tags, timeZone }) => ({
    id,
    organizationId: customer.id,
    name,
    productTypes,
    tags,
    timeZone,
  }));
}
