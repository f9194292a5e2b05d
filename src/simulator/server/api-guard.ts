/**
 * What every API request has to pass before its handler runs, in this order: the outage, the key, the redirect, the
 * address's rate limit, the organization and its rate limit, API access, the hook before the answer, and last the fault
 * plan. A redirect costs no token, since the same request will ask for one at the other host.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { injectFaults } from '../faults/inject-faults.ts';
import type { Outage } from '../faults/outage.ts';
import type { World } from '../world/world.ts';
import { operationOf, organizationIdOf } from './api-request.ts';
import { RateLimit } from './rate-limit.ts';
import { Refusal } from './refusal.ts';
import type { RequestCounts } from './request-counts.ts';

const REDIRECTS = [302, 307, 308] as const;

/** Adds the checks and the counting of answers to the server's API routes. */
export function guardApi(server: FastifyInstance, world: World, outage: Outage, counts: RequestCounts): void {
  const { settings } = world;
  const { rate, addressRate } = settings;
  const limit = rate === false ? undefined : new RateLimit(rate);
  const addressLimit = rate === false || addressRate === false ? undefined : new RateLimit(addressRate);
  let admitted = 0;
  let redirected = 0;

  const within = (limit: RateLimit | undefined, of: string, what: string): void => {
    const wait = limit?.take(of, settings.clock.now()) ?? 0;
    if (wait === 0) return;
    const headers: Record<string, string> =
      settings.retryAfter === 'seconds' ? { 'retry-after': String(wait) } : {};
    throw new Refusal(429, `API rate limit exceeded for ${what}`, headers);
  };

  const redirectOf = (request: FastifyRequest) => {
    if (settings.redirect === false || request.hostname !== '127.0.0.1') return undefined;
    return settings.redirect === true ? REDIRECTS[redirected++ % REDIRECTS.length] : settings.redirect;
  };

  server.addHook('onRequest', async (request, reply) => {
    if (outage.isOn()) {
      counts.add(organizationIdOf(request), operationOf(request), 0);
      return cut(reply);
    }
    if (request.headers.authorization !== `Bearer ${settings.key}`) throw new Refusal(401, 'Invalid API key');
    const organizationId = organizationIdOf(request);
    const redirect = organizationId === null ? undefined : redirectOf(request);
    if (redirect !== undefined) {
      return reply.redirect(`http://localhost:${request.port}${request.url}`, redirect);
    }
    within(addressLimit, request.ip, 'source address');
    if (organizationId === null) return undefined;
    const place = world.place(organizationId);
    const state = place === undefined ? 'vanished' : world.stateOf(place.organization);
    if (state === 'vanished') throw new Refusal(404, 'Not Found');
    within(limit, organizationId, 'organization');
    if (state === 'api_disabled') throw new Refusal(403, 'API access is disabled for this organization');
    return undefined;
  });

  server.addHook('preHandler', async (request, reply) => {
    const organizationId = organizationIdOf(request) ?? undefined;
    const { url } = request;
    await settings.beforeAnswer(
      { operation: operationOf(request), organizationId, ordinal: admitted++, url },
      reply,
    );
    return reply.sent ? reply : undefined;
  });

  server.addHook('onSend', async (request, reply) => {
    const { fault } = request;
    const isCut = fault?.kind === 'cut' && fault.where === 'within';
    counts.add(organizationIdOf(request), operationOf(request), isCut ? 0 : reply.statusCode);
  });

  injectFaults(server, world.faults, settings.clock, (organizationId, operation) =>
    counts.add(organizationId, operation, 0),
  );
}

function cut(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}
