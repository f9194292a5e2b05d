import { sql } from 'drizzle-orm';
import { type Database, translated } from '../../../src/db/database.ts';
import { rememberMembers } from '../../../src/db/dimensions.ts';
import { saveNetworks } from '../../../src/db/networks.ts';
import { saveOrganizations } from '../../../src/db/organizations.ts';
import { writeSetting } from '../../../src/db/settings.ts';
import { formatInstant, type Instant, instantOfSeconds } from '../../../src/instant.ts';
import { hash64 } from '../../../src/streams/hash.ts';
import { maskUrl } from '../../../src/streams/receiver-url.ts';
import { memberKey } from '../../../src/streams/webhook-log-row.ts';
import type { PlannedArchive } from './archive-options.ts';
import { type Customer, OWN_SERIES } from './customer.ts';
import type { PlannedGap } from './gaps.ts';

const HOUR = instantOfSeconds(3_600);

/** Writes organizations, what their facts refer to, and settings, as the program writes them. */
export async function fillDimensions(
  database: Database,
  archive: PlannedArchive,
  customers: readonly Customer[],
  gaps: readonly PlannedGap[],
): Promise<void> {
  await writeSetting(database.query, 'webhook_urls', 'masked');
  await writeSetting(database.query, 'api_objective', '0.999');
  await writeSetting(database.query, 'own_series', JSON.stringify([OWN_SERIES]));
  await writeSetting(database.query, 'source', 'generated');
  const renamedAt = archive.from + Math.floor((archive.now - archive.from) / 3 / HOUR) * HOUR;
  await saveAll(database, customers, archive.from, (customer) => customer.formerName);
  await saveAll(database, customers, renamedAt, (customer) => customer.name);
  await saveAll(database, customers, archive.now, (customer) => customer.name);
  for (const customer of customers) await saveMembers(database, archive, customer);
  await saveStates(database, customers, gaps);
}

async function saveAll(
  database: Database,
  customers: readonly Customer[],
  at: Instant,
  nameOf: (customer: Customer) => string,
): Promise<void> {
  const seen = customers.map((customer) => ({
    organizationId: customer.id,
    name: nameOf(customer),
    url: `https://n1.meraki.example/o/${customer.id}/manage/organization/overview`,
    region: 'Europe',
    state: 'active' as const,
  }));
  await saveOrganizations(database, seen, at);
  for (const { id, networks } of customers) {
    const records = networks.map((network) => ({
      networkKey: hash64(network.id),
      networkId: network.id,
      name: network.name,
      productTypes: network.productTypes,
      tags: network.tags,
      timeZone: network.timeZone,
    }));
    await saveNetworks(database, id, records, at);
  }
}

async function saveMembers(
  database: Database,
  { from, now }: PlannedArchive,
  customer: Customer,
): Promise<void> {
  const seen = { firstAt: from, lastAt: now };
  const named = (text: string) => ({ key: memberKey(customer.id, text), text, ...seen });
  await database.transaction((tx) =>
    rememberMembers(tx, customer.id, {
      networks: customer.networks.map(({ id }) => ({ key: hash64(id), text: id, ...seen })),
      alertTypes: customer.alertTypes.map(({ name }) => named(name)),
      endpoints: customer.receivers.map(({ url }) => ({ ...named(url), ...maskUrl(url) })),
    }),
  );
}

/** An organization whose API access was off, or that was refused, was so for as long as its gap. */
async function saveStates(
  database: Database,
  customers: readonly Customer[],
  gaps: readonly PlannedGap[],
): Promise<void> {
  for (const { customer, from, to, reason } of gaps) {
    if (reason !== 'refused' && reason !== 'api_disabled') continue;
    await translated(
      database.query.execute(sql`
        insert into meraki_ingest.organization_states (organization_id, since, state)
        values (${customers[customer]?.id}, ${formatInstant(from)}::timestamptz, ${reason}),
          (${customers[customer]?.id}, ${formatInstant(to)}::timestamptz, 'active')
        on conflict (organization_id, since) do nothing`),
    );
  }
}
