import type { FastifyInstance } from 'fastify';
import { operationOf, organizationIdOf } from '../server/api-request.ts';
import { answerInstead } from './answer-instead.ts';
import type { Faults } from './faults.ts';
import { spoilAnswer } from './spoil-answer.ts';
import type { WireFault } from './wire-fault.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What struck this call, if anything did. */
    fault: WireFault | undefined;
  }
}

/** Lets the plan strike the calls that nothing has answered yet; `onCut` hears of those that get no answer. */
export function injectFaults(
  server: FastifyInstance,
  faults: Faults,
  clock: { now(): number },
  onCut: (organizationId: string | null, operation: string) => void,
): void {
  server.decorateRequest('fault', undefined);

  server.addHook('preHandler', async (request, reply) => {
    const [organizationId, operation] = [organizationIdOf(request), operationOf(request)];
    const call = { operation, organizationId: organizationId ?? undefined, url: request.url };
    const fault = faults.inForce.strikes.next(call, clock.now());
    if (fault === undefined) return undefined;
    request.fault = fault;
    const outcome = await answerInstead(fault, request, reply, clock.now());
    if (outcome === 'none') onCut(organizationId, operation);
    return outcome === 'right' ? undefined : reply;
  });

  server.addHook('onSend', async ({ fault }, reply, payload) =>
    fault === undefined ? payload : spoilAnswer(fault, reply, payload),
  );
}
