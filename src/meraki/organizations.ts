import { z } from 'zod';
import { UnreachableError } from '../errors.ts';
import type { Answer, MerakiClient, RequestOptions } from './client.ts';

export interface MerakiOrganization {
  readonly id: string;
  readonly name: string;
  readonly url: string | null;
  readonly region: string | null;
  readonly apiEnabled: boolean;
}

/** Names are for people to read: what a database text cannot hold is replaced. */
const text = z.string().transform((value) => value.replaceAll('\0', '\ufffd').toWellFormed());

const organizationShape = z
  .looseObject({
    id: z.union([text, z.int().transform(String)]),
    // Whatever is odd about one organization must not keep it, or the others, from being read.
    name: text.nullish().catch(null),
    url: text.nullish().catch(null),
    api: z
      .looseObject({ enabled: z.boolean().nullish().catch(null) })
      .nullish()
      .catch(null),
    cloud: z
      .looseObject({ region: z.looseObject({ name: text.nullish() }).nullish() })
      .nullish()
      .catch(null),
  })
  .transform(
    (row): MerakiOrganization => ({
      id: row.id,
      name: row.name ?? row.id,
      url: row.url ?? null,
      region: row.cloud?.region?.name ?? null,
      apiEnabled: row.api?.enabled ?? true,
    }),
  );

/** All organizations the key can see (`getOrganizations`). Throws as {@link MerakiClient.follow} does. */
export async function listOrganizations(
  client: MerakiClient,
  options: RequestOptions = {},
): Promise<readonly MerakiOrganization[]> {
  const first = await client.get('/organizations', { perPage: 1000 }, options);
  return await collect(client, first, options, organizationShape, 'organizations');
}

export interface MerakiNetwork {
  readonly id: string;
  readonly name: string | null;
  readonly productTypes: readonly string[];
  readonly tags: readonly string[];
  readonly timeZone: string | null;
}

const networkShape = z
  .looseObject({
    id: text,
    name: text.nullish(),
    productTypes: z.array(text).nullish(),
    tags: z.array(text).nullish(),
    timeZone: text.nullish(),
  })
  .transform(
    (row): MerakiNetwork => ({
      id: row.id,
      name: row.name ?? null,
      productTypes: row.productTypes ?? [],
      tags: row.tags ?? [],
      timeZone: row.timeZone ?? null,
    }),
  );

/** All networks of an organization (`getOrganizationNetworks`). Throws as {@link MerakiClient.follow} does. */
export async function listNetworks(
  client: MerakiClient,
  organizationId: string,
  options: RequestOptions = {},
): Promise<readonly MerakiNetwork[]> {
  const scoped = { ...options, organizationId };
  const path = `/organizations/${encodeURIComponent(organizationId)}/networks`;
  return await collect(
    client,
    await client.get(path, { perPage: 1000 }, scoped),
    scoped,
    networkShape,
    'networks',
  );
}

async function collect<T>(
  client: MerakiClient,
  first: Answer,
  options: RequestOptions,
  shape: z.ZodType<T>,
  what: string,
): Promise<readonly T[]> {
  const found: T[] = [];
  const seen = new Set<string>();
  for (let page = first; ; ) {
    const rows = z.array(shape).safeParse(page.body);
    if (!rows.success) {
      throw new UnreachableError(`Meraki's list of ${what} is not of the documented form.`, {
        issue: z.prettifyError(rows.error).slice(0, 200),
      });
    }
    found.push(...rows.data);
    if (page.next === undefined) return found;
    if (seen.has(page.next)) throw new UnreachableError(`Meraki's list of ${what} never ends.`);
    seen.add(page.next);
    page = await client.follow(page.next, options);
  }
}
