import type { FastifyInstance } from 'fastify';
import { WEBHOOK_LOGS } from '../operations.ts';
import type { ServedLog } from '../served/served-log.ts';
import { positionOf } from '../world/delivery-log.ts';
import type { Place, World } from '../world/world.ts';
import { deliveryPage, stretchOf } from './delivery-page.ts';
import { linkHeader, type PageLinks } from './link-header.ts';
import { type PageStart, PageTokens } from './page-token.ts';
import { countOf, filtersAsText, type Query, textOf } from './query.ts';
import { Refusal } from './refusal.ts';
import { timeWindowOf } from './time-window.ts';

const ONE_DAY = 86_400;
const NO_FILTERS = ['t0', 't1', 'timespan', 'perPage', 'startingAfter', 'endingBefore'];

/** The webhook logs: a window on `sentAt`, paged by positions that rows which appear late do not move. */
export function webhookLogsRoute(server: FastifyInstance, world: World, served: ServedLog): void {
  const { settings } = world;
  const { order } = settings;
  const tokens = new PageTokens(settings.seed, settings.tokenLifetime, settings.tokenPages);

  server.get<{ Querystring: Query; Params: { organizationId: string } }>(
    '/organizations/:organizationId/webhooks/logs',
    { config: { operation: WEBHOOK_LOGS } },
    async (request, reply) => {
      const { query, params } = request;
      const { organizationId } = params;
      const place = world.place(organizationId);
      if (place === undefined) throw new Refusal(404, 'Not Found');
      const now = settings.clock.now();
      const { agesOut } = world.faults.inForce.plan;
      const limits = { ...world.limits(WEBHOOK_LOGS), defaultTimespan: ONE_DAY, agesOut };
      const isLater = (query['startingAfter'] ?? query['endingBefore']) !== undefined;
      const window = timeWindowOf(query, limits, world.now(), isLater);
      const perPage = countOf(query, 'perPage', 3, 1_000, 50);
      const start = (name: string): PageStart | undefined => {
        const token = textOf(query, name);
        if (token === undefined) return undefined;
        const read = tokens.read(organizationId, token, now);
        if (read === undefined) throw new Refusal(400, `'${name}' is not a valid page token`);
        return read;
      };
      const after = start('startingAfter');
      const before = start('endingBefore');
      if (after !== undefined && before !== undefined) {
        throw new Refusal(400, "'startingAfter' and 'endingBefore' must not be given together");
      }

      const url = textOf(query, 'url');
      const receiver = url === undefined ? undefined : receiverOf(place, url);
      const selection = { from: window.keptFrom, to: window.to, receiver, now: world.shownUntil() };
      const page = deliveryPage(
        place.deliveries,
        selection,
        order,
        perPage,
        after?.position,
        before?.position,
      );
      if (before === undefined) {
        served.onceSent(request, reply, {
          organizationId,
          operation: WEBHOOK_LOGS,
          filters: filtersAsText(query, NO_FILTERS),
          interval: null,
          ...stretchOf(page, selection, order, after?.position),
          answeredAt: world.now(),
        });
      }

      const shared = {
        t0: window.t0,
        t1: window.t1,
        perPage: String(perPage),
        ...(url !== undefined && { url }),
      };
      const pages = (after?.pages ?? before?.pages ?? 0) + 1;
      const token = (position: PageStart['position']) =>
        tokens.issue(organizationId, { position, pages }, now);
      const [first, last] = [page.rows[0], page.rows.at(-1)];
      const end = { sentAt: order === 'ascending' ? window.to : window.from, ordinal: -1 };
      const links: PageLinks = {
        first: shared,
        ...(page.hasPrevious && first && { prev: { ...shared, endingBefore: token(positionOf(first)) } }),
        ...(page.hasNext && last && { next: { ...shared, startingAfter: token(positionOf(last)) } }),
        last: { ...shared, endingBefore: token(end) },
      };
      reply.header('link', linkHeader(request, links)).type('application/json; charset=utf-8');
      return world.write(place, page.rows);
    },
  );
}

/** -1 where nobody has that URL, which no row matches. */
function receiverOf({ organization }: Place, url: string): number {
  return organization.receivers.findIndex((receiver) => receiver.url === url);
}
