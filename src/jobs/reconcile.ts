import type { Database } from '../db/database.ts';
import { readOrganizations, type SeenOrganization, saveOrganizations } from '../db/organizations.ts';
import type { OrganizationState } from '../db/schema.ts';
import type { Log } from '../log.ts';
import type { MerakiClient } from '../meraki/client.ts';
import { listOrganizations } from '../meraki/organizations.ts';
import { isChosen, type OrganizationChoice } from '../organization-choice.ts';

export interface ReconcileOptions {
  readonly database: Database;
  readonly client: MerakiClient;
  readonly log: Log;
  readonly organizations: OrganizationChoice;
  /** In which reports count an organization's days. */
  readonly timeZoneOf: (organizationId: string) => string;
}

const PAUSED: readonly OrganizationState[] = ['vanished', 'api_disabled', 'left_out'];

/**
 * Compares what is stored with the organizations the key sees now, and says what changed: new ones join,
 * vanished and API-disabled ones pause, and those that the configuration leaves out end.
 *
 * @returns the organizations to sync
 */
export async function reconcileOrganizations(
  options: ReconcileOptions,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { database, client, log } = options;
  const before = new Map(
    (await readOrganizations(database)).map((organization) => [organization.organizationId, organization]),
  );
  const { organizations: choice } = options;
  const visible = await listOrganizations(client, signal === undefined ? {} : { signal });
  const listed = visible.filter(({ id }) => isChosen(choice, id));
  const seen = listed.map(
    (organization): SeenOrganization => ({
      organizationId: organization.id,
      name: organization.name,
      url: organization.url,
      region: organization.region,
      state: organization.apiEnabled ? 'active' : 'api_disabled',
      timeZone: options.timeZoneOf(organization.id),
    }),
  );
  await saveOrganizations(database, seen, client.now(), (id) => !isChosen(choice, id));
  for (const organization of seen) {
    const known = before.get(organization.organizationId);
    const facts = { organizationId: organization.organizationId, name: organization.name };
    if (organization.state === 'active' && known === undefined) log.info(facts, 'organization found');
    if (organization.state === 'active' && PAUSED.includes(known?.state ?? 'active')) {
      log.info(facts, 'organization is back');
    }
    if (organization.state === 'api_disabled' && known?.state !== 'api_disabled') {
      log.warn(facts, 'organization paused: its API access is disabled in the dashboard');
    }
  }
  for (const { organizationId, name, state } of before.values()) {
    if (seen.some((other) => other.organizationId === organizationId)) continue;
    if (!isChosen(choice, organizationId)) {
      if (state !== 'left_out')
        log.warn({ organizationId, name }, 'organization ended: MERAKI_ORGANIZATION_IDS leaves it out');
    } else if (state !== 'vanished') {
      log.warn({ organizationId, name }, 'organization paused: the key no longer sees it');
    }
  }
  for (const id of choice.only ?? []) {
    if (!listed.some((organization) => organization.id === id)) {
      log.warn(
        { organizationId: id },
        'MERAKI_ORGANIZATION_IDS names an organization that the key cannot see',
      );
    }
  }
  for (const id of choice.except) {
    if (!before.has(id) && !visible.some((organization) => organization.id === id)) {
      log.warn(
        { organizationId: id },
        'MERAKI_ORGANIZATION_IDS leaves out an organization that nobody knows',
      );
    }
  }
  return seen
    .filter((organization) => organization.state === 'active')
    .map((organization) => organization.organizationId);
}
