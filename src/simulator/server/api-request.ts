import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Meraki's operation id. */
    operation?: string;
  }
}

/** Null for requests that concern no single organization. */
export function organizationIdOf(request: FastifyRequest): string | null {
  return (request.params as { organizationId?: string }).organizationId ?? null;
}

export function operationOf(request: FastifyRequest): string {
  return request.routeOptions.config.operation ?? 'unknown';
}
