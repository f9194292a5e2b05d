import type { FastifyInstance } from 'fastify';
import { Refusal } from '../server/refusal.ts';
import type { Faults } from './faults.ts';

/** The plan over HTTP, and the address that redirects for ever. */
export function faultRoutes(server: FastifyInstance, faults: Faults): void {
  const told = () => ({ plan: faults.given, struck: faults.struck() });

  server.get('/faults', async () => told());

  server.put('/faults', async ({ body }) => {
    try {
      faults.set(body);
    } catch (error) {
      if (error instanceof RangeError) throw new Refusal(400, error.message);
      throw error;
    }
    return told();
  });

  server.delete('/faults', async (_, reply) => {
    faults.clear();
    return reply.code(204).send();
  });

  server.get<{ Querystring: { hop?: string } }>('/loop', async ({ query, host }, reply) =>
    reply.redirect(`http://${host}/simulator/loop?hop=${1 + Number(query.hop ?? 0)}`, 302),
  );
}
