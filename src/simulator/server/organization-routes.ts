import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Organization } from '../world/organizations.ts';
import type { World } from '../world/world.ts';
import { linkHeader } from './link-header.ts';
import { countOf, type Query, textOf } from './query.ts';
import { Refusal } from './refusal.ts';

const MOST_ORGANIZATIONS = 9_000;
const MOST_NETWORKS = 100_000;

/** The lists of organizations and of one organization's networks. */
export function organizationRoutes(server: FastifyInstance, world: World): void {
  server.get<{ Querystring: Query }>(
    '/organizations',
    { config: { operation: 'getOrganizations' } },
    async (request, reply) => {
      const organizations = world.places.flatMap(({ organization }) => {
        const state = world.stateOf(organization);
        const name = world.nameOf(organization);
        return state === 'vanished' ? [] : organizationBody({ ...organization, name }, state === 'listed');
      });
      return listPage(request, reply, organizations, MOST_ORGANIZATIONS, 9_000);
    },
  );

  server.get<{ Querystring: Query; Params: { organizationId: string } }>(
    '/organizations/:organizationId/networks',
    { config: { operation: 'getOrganizationNetworks' } },
    async (request, reply) => {
      const { organizationId } = request.params;
      const networks = (world.place(organizationId)?.organization.networks ?? []).map((network) => ({
        ...network,
        name: world.nameOf(network),
        organizationId,
        enrollmentString: null,
        notes: '',
        isBoundToConfigTemplate: false,
      }));
      return listPage(request, reply, networks, MOST_NETWORKS, 1_000);
    },
  );
}

function organizationBody({ id, name }: Organization, enabled: boolean) {
  return {
    id,
    name,
    url: `https://dashboard.example/o/${id}/manage/organization/overview`,
    api: { enabled },
    licensing: { model: 'co-term' },
    cloud: { region: { name: 'North America' } },
  };
}

/** Pages by the ids of a list whose order does not change. */
function listPage<Item extends { id: string }>(
  request: FastifyRequest<{ Querystring: Query }>,
  reply: FastifyReply,
  items: readonly Item[],
  most: number,
  usual: number,
): Item[] {
  const perPage = countOf(request.query, 'perPage', 3, most, usual);
  const after = textOf(request.query, 'startingAfter');
  const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) throw new Refusal(400, "'startingAfter' is unknown");
  const page = items.slice(start, start + perPage);
  const last = page.at(-1);
  const size = { perPage: String(perPage) };
  const more = last !== undefined && start + page.length < items.length;
  const links = { first: size, ...(more && { next: { ...size, startingAfter: last.id } }) };
  reply.header('link', linkHeader(request, links));
  return page;
}
