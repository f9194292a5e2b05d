import type { FastifyInstance } from 'fastify';
import { alterBuckets } from '../faults/alter-buckets.ts';
import { parseMoment } from '../moment.ts';
import { RESPONSE_CODES_BY_INTERVAL } from '../operations.ts';
import type { ServedLog } from '../served/served-log.ts';
import type { CodeBucket } from '../world/request-history.ts';
import type { World } from '../world/world.ts';
import { intervalOf, requestFiltersOf } from './code-query.ts';
import { filtersAsText, type Query } from './query.ts';
import { Refusal } from './refusal.ts';
import { timeWindowOf } from './time-window.ts';

const THIRTY_ONE_DAYS = 31 * 86_400;

/** API requests by response code and interval: whole buckets, counted only inside the window, newest first. */
export function responseCodesRoute(server: FastifyInstance, world: World, served: ServedLog): void {
  const { settings } = world;

  server.get<{ Querystring: Query; Params: { organizationId: string } }>(
    '/organizations/:organizationId/apiRequests/overview/responseCodes/byInterval',
    { config: { operation: RESPONSE_CODES_BY_INTERVAL } },
    async (request, reply) => {
      const { query, params } = request;
      const { organizationId } = params;
      const place = world.place(organizationId);
      if (place === undefined) throw new Refusal(404, 'Not Found');
      const { plan, oddWidths } = world.faults.inForce;
      const limits = world.limits(RESPONSE_CODES_BY_INTERVAL);
      const defaultTimespan = Math.min(THIRTY_ONE_DAYS, limits.span * 86_400);
      const now = world.now();
      const window = timeWindowOf(query, { ...limits, defaultTimespan, agesOut: plan.agesOut }, now);
      const counted = {
        from: window.keptFrom,
        to: Math.min(window.to, world.shownUntil()),
        interval: oddWidths.next(intervalOf(query, settings.intervalRule, window), now - window.from),
        filters: requestFiltersOf(query),
        idleBuckets: settings.idleBuckets,
      };
      const buckets = world.buckets(place, counted);
      const { interval } = counted;
      served.onceSent(request, reply, {
        organizationId,
        operation: RESPONSE_CODES_BY_INTERVAL,
        filters: filtersAsText(query, ['t0', 't1', 'timespan', 'interval']),
        interval,
        from: counted.from,
        to: counted.to,
        answeredAt: now,
      });
      const { alteredBuckets: altered } = plan;
      if (altered === undefined || settings.clock.now() >= (altered.until ?? Number.POSITIVE_INFINITY)) {
        return buckets.reverse();
      }
      const halvesOf = (bucket: CodeBucket) => {
        if (interval % 2 !== 0) return [bucket];
        const { startTs, endTs } = bucket;
        const [start, end] = [parseMoment(startTs) ?? 0, parseMoment(endTs) ?? 0];
        const [from, to] = [Math.max(start, counted.from), Math.min(end, counted.to)];
        return world.buckets(place, { ...counted, from, to, interval: interval / 2 });
      };
      const seeded = { ...altered, seed: plan.seed };
      return alterBuckets(buckets, seeded, `${organizationId} ${interval}`, halvesOf).reverse();
    },
  );
}
