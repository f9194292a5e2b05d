import type { FastifyInstance } from 'fastify';
import { type DeliveryRow, type Position, positionOf, type Selection } from '../world/delivery-log.ts';
import type { Place, World } from '../world/world.ts';
import { linkHeader, type PageLinks } from './link-header.ts';
import { PageTokens } from './page-token.ts';
import { countOf, type Query, textOf } from './query.ts';
import { Refusal } from './refusal.ts';
import { timeWindowOf } from './time-window.ts';

const ONE_DAY = 86_400;

interface Page {
  readonly rows: DeliveryRow[];
  readonly hasPrevious: boolean;
  readonly hasNext: boolean;
}

/** The webhook logs: a window on `sentAt`, paged by positions that rows which appear late do not move. */
export function webhookLogsRoute(server: FastifyInstance, world: World): void {
  const { settings } = world;
  const tokens = new PageTokens(settings.seed, settings.tokenLifetime);
  const limits = { lookback: settings.lookback, span: settings.span, defaultTimespan: ONE_DAY };

  server.get<{ Querystring: Query; Params: { organizationId: string } }>(
    '/organizations/:organizationId/webhooks/logs',
    { config: { operation: 'getOrganizationWebhooksLogs' } },
    async (request, reply) => {
      const { query, params } = request;
      const place = world.place(params.organizationId);
      if (place === undefined) throw new Refusal(404, 'Not Found');
      const now = settings.clock.now();
      const window = timeWindowOf(query, limits, world.now());
      const perPage = countOf(query, 'perPage', 3, 1_000, 50);
      const position = (name: string): Position | undefined => {
        const token = textOf(query, name);
        if (token === undefined) return undefined;
        const read = tokens.read(params.organizationId, token, now);
        if (read === undefined) throw new Refusal(400, `'${name}' is not a valid page token`);
        return read;
      };
      const after = position('startingAfter');
      const before = position('endingBefore');
      if (after !== undefined && before !== undefined) {
        throw new Refusal(400, "'startingAfter' and 'endingBefore' must not be given together");
      }

      const url = textOf(query, 'url');
      const receiver = url === undefined ? undefined : receiverOf(place, url);
      const selection = { from: window.from, to: window.to, receiver, now: world.now() };
      const page = pageOf(place, selection, settings.order, perPage, after, before);

      const shared = {
        t0: window.t0,
        t1: window.t1,
        perPage: String(perPage),
        ...(url !== undefined && { url }),
      };
      const token = (at: Position) => tokens.issue(params.organizationId, at, now);
      const [first, last] = [page.rows[0], page.rows.at(-1)];
      const end = settings.order === 'ascending' ? window.to : window.from;
      const links: PageLinks = {
        first: shared,
        ...(page.hasPrevious && first && { prev: { ...shared, endingBefore: token(positionOf(first)) } }),
        ...(page.hasNext && last && { next: { ...shared, startingAfter: token(positionOf(last)) } }),
        last: { ...shared, endingBefore: token({ sentAt: end, ordinal: -1 }) },
      };
      reply.header('link', linkHeader(request, links)).type('application/json; charset=utf-8');
      return place.write(page.rows);
    },
  );
}

/** -1 where nobody has that URL, which no row matches. */
function receiverOf({ organization }: Place, url: string): number {
  return organization.receivers.findIndex((receiver) => receiver.url === url);
}

function pageOf(
  { deliveries }: Place,
  selection: Selection,
  order: 'ascending' | 'descending',
  perPage: number,
  after: Position | undefined,
  before: Position | undefined,
): Page {
  const down = order === 'descending';
  const read = (onwards: boolean, from: Position | undefined, limit: number) =>
    onwards === down
      ? deliveries.backward(selection, from, limit)
      : deliveries.forward(selection, from, limit);
  const onwards = before === undefined;
  const found = read(onwards, onwards ? after : before, perPage + 1);
  const more = found.length > perPage;
  const rows = found.slice(0, perPage);
  if (onwards) return { rows, hasPrevious: after !== undefined, hasNext: more };
  rows.reverse();
  const last = rows.at(-1);
  const hasNext = last !== undefined && read(true, positionOf(last), 1).length > 0;
  return { rows, hasPrevious: more, hasNext };
}
