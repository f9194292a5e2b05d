import type { FastifyInstance } from 'fastify';
import type { World } from '../world/world.ts';
import { intervalOf, requestFiltersOf } from './code-query.ts';
import type { Query } from './query.ts';
import { Refusal } from './refusal.ts';
import { timeWindowOf } from './time-window.ts';

const THIRTY_ONE_DAYS = 31 * 86_400;

/** API requests by response code and interval: whole buckets, counted only inside the window, newest first. */
export function responseCodesRoute(server: FastifyInstance, world: World): void {
  const { settings } = world;
  const limits = {
    lookback: settings.codesLookback,
    span: settings.codesSpan,
    defaultTimespan: Math.min(THIRTY_ONE_DAYS, settings.codesSpan * 86_400),
  };

  server.get<{ Querystring: Query; Params: { organizationId: string } }>(
    '/organizations/:organizationId/apiRequests/overview/responseCodes/byInterval',
    { config: { operation: 'getOrganizationApiRequestsOverviewResponseCodesByInterval' } },
    async ({ query, params }) => {
      const place = world.place(params.organizationId);
      if (place === undefined) throw new Refusal(404, 'Not Found');
      const window = timeWindowOf(query, limits, world.now());
      const buckets = place.requests.buckets({
        from: window.from,
        to: Math.min(window.to, world.now()),
        countedUntil: world.countedUntil(),
        interval: intervalOf(query, settings.intervalRule, window),
        filters: requestFiltersOf(query),
        idleBuckets: settings.idleBuckets,
      });
      return buckets.reverse();
    },
  );
}
