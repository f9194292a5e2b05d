import type { FastifyInstance } from 'fastify';
import type { Outage } from '../faults/outage.ts';
import type { World } from '../world/world.ts';
import { requestFiltersOf } from './code-query.ts';
import { type Query, textOf } from './query.ts';
import { Refusal } from './refusal.ts';
import type { RequestCounts } from './request-counts.ts';

interface TruthRoute {
  readonly Querystring: Query;
  readonly Params: { readonly organizationId: string };
}

/** What only a simulator can tell: the truth, who asked what, and how it is set; without key or rate limit. */
export function simulatorRoutes(
  server: FastifyInstance,
  world: World,
  outage: Outage,
  counts: RequestCounts,
): void {
  server.get<TruthRoute>('/truth/organizations/:organizationId/webhooks/logs', async (request, reply) => {
    const { organizationId } = request.params;
    reply.type('application/json; charset=utf-8');
    return knownOr400(() => world.truthText(organizationId, rangeOf(request.query)));
  });

  server.get<TruthRoute>('/truth/organizations/:organizationId/webhooks/altered', async ({ query, params }) =>
    knownOr400(() => world.truthAltered(params.organizationId, rangeOf(query))),
  );

  server.get<TruthRoute>('/truth/organizations/:organizationId/apiRequests', async ({ query, params }) =>
    knownOr400(() =>
      world.truthBuckets(params.organizationId, {
        ...rangeOf(query),
        interval: Number(textOf(query, 'interval') ?? 120),
        filters: requestFiltersOf(query),
      }),
    ),
  );

  server.get('/requests', async () => counts.list());

  server.post('/requests/reset', async (_, reply) => {
    counts.reset();
    return reply.code(204).send();
  });

  server.post<{ Body: { seconds?: unknown } | null }>('/outage', async ({ body }) => {
    const seconds = body?.seconds;
    if (typeof seconds !== 'number' || seconds < 0) {
      throw new Refusal(400, "'seconds' must be a number, 0 or more");
    }
    outage.set(seconds);
    return { seconds };
  });

  server.get('/settings', async () => {
    const { clock, key, beforeAnswer, faults, ...settings } = world.settings;
    const now = new Date(clock.now()).toISOString();
    return { ...settings, now, organizations: world.places.map(({ organization }) => organization) };
  });
}

function rangeOf(query: Query): { from: string | undefined; to: string | undefined } {
  return { from: textOf(query, 'from'), to: textOf(query, 'to') };
}

function knownOr400<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(400, error.message);
    throw error;
  }
}
