import type { FastifyInstance } from 'fastify';
import { OPERATIONS, WEBHOOK_LOGS } from '../operations.ts';
import { type Query, textOf } from '../server/query.ts';
import { Refusal } from '../server/refusal.ts';
import type { ServedLog } from './served-log.ts';

/** What time was answered for, over HTTP; with `answers=true` also when. */
export function servedRoutes(server: FastifyInstance, served: ServedLog): void {
  server.get<{ Querystring: Query; Params: { organizationId: string } }>(
    '/served/organizations/:organizationId',
    async ({ query, params }) => {
      const asked = textOf(query, 'operation') ?? WEBHOOK_LOGS;
      const operation = OPERATIONS.find((one) => one === asked);
      if (operation === undefined) throw new Refusal(400, `no operation: ${asked}`);
      const interval = textOf(query, 'interval');
      const which = {
        filters: textOf(query, 'filters'),
        interval: interval === undefined ? undefined : Number(interval),
      };
      return textOf(query, 'answers') === 'true'
        ? served.answers(params.organizationId, operation, which)
        : served.stretches(params.organizationId, operation, which);
    },
  );
}
