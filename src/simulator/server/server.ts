import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import { faultRoutes } from '../faults/fault-routes.ts';
import type { Outage } from '../faults/outage.ts';
import type { ServedLog } from '../served/served-log.ts';
import { servedRoutes } from '../served/served-routes.ts';
import type { World } from '../world/world.ts';
import { guardApi } from './api-guard.ts';
import { organizationRoutes } from './organization-routes.ts';
import { Refusal } from './refusal.ts';
import type { RequestCounts } from './request-counts.ts';
import { responseCodesRoute } from './response-codes-route.ts';
import { simulatorRoutes } from './simulator-routes.ts';
import { webhookLogsRoute } from './webhook-logs-route.ts';

export const API_PREFIX = '/api/v1';

/** Builds the HTTP server, not listening yet. */
export function createServer(
  world: World,
  served: ServedLog,
  outage: Outage,
  counts: RequestCounts,
): FastifyInstance {
  const server = fastify({ forceCloseConnections: true });

  server.addHook('onRequest', async (_, reply) => {
    reply.header('date', new Date(world.settings.clock.now()).toUTCString());
  });
  server.setErrorHandler<FastifyError | Refusal>(async (error, _, reply) => {
    if (error instanceof Refusal) reply.headers(error.headers);
    return reply.code(error.statusCode ?? 500).send({ errors: [error.message] });
  });
  server.setNotFoundHandler(async (_, reply) => reply.code(404).send({ errors: ['Not Found'] }));

  server.register(
    async (api) => {
      guardApi(api, world, outage, counts);
      organizationRoutes(api, world);
      webhookLogsRoute(api, world, served);
      responseCodesRoute(api, world, served);
    },
    { prefix: API_PREFIX },
  );
  server.register(
    async (own) => {
      simulatorRoutes(own, world, outage, counts);
      faultRoutes(own, world.faults);
      servedRoutes(own, served);
    },
    { prefix: '/simulator' },
  );
  return server;
}
