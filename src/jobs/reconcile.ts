import type { Database } from '../db/database.ts';
import { readOrganizations, type SeenOrganization, saveOrganizations } from '../db/organizations.ts';
import type { Log } from '../log.ts';
import type { MerakiClient } from '../meraki/client.ts';
import { listOrganizations } from '../meraki/organizations.ts';

export interface ReconcileOptions {
  readonly database: Database;
  readonly client: MerakiClient;
  readonly log: Log;
  /** Restricts the archive to these organizations. */
  readonly organizationIds: readonly string[] | undefined;
  /** In which reports count an organization's days. */
  readonly timeZoneOf: (organizationId: string) => string;
}

/**
 * Compares what is stored with the organizations the key sees now, and says what changed: new ones join,
 * vanished and API-disabled ones pause.
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
  const chosen = new Set(options.organizationIds);
  const listed = (await listOrganizations(client, signal === undefined ? {} : { signal })).filter(
    (organization) => chosen.size === 0 || chosen.has(organization.id),
  );
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
  await saveOrganizations(database, seen, client.now());
  for (const organization of seen) {
    const known = before.get(organization.organizationId);
    const facts = { organizationId: organization.organizationId, name: organization.name };
    if (organization.state === 'active' && known === undefined) log.info(facts, 'organization found');
    if (organization.state === 'active' && (known?.state === 'vanished' || known?.state === 'api_disabled')) {
      log.info(facts, 'organization is back');
    }
    if (organization.state === 'api_disabled' && known?.state !== 'api_disabled') {
      log.warn(facts, 'organization paused: its API access is disabled in the dashboard');
    }
  }
  for (const organization of before.values()) {
    const gone = !seen.some((other) => other.organizationId === organization.organizationId);
    if (gone && organization.state !== 'vanished') {
      log.warn(
        { organizationId: organization.organizationId, name: organization.name },
        'organization paused: the key no longer sees it, or MERAKI_ORGANIZATION_IDS leaves it out',
      );
    }
  }
  for (const id of chosen) {
    if (!listed.some((organization) => organization.id === id)) {
      log.warn(
        { organizationId: id },
        'MERAKI_ORGANIZATION_IDS names an organization that the key cannot see',
      );
    }
  }
  return seen
    .filter((organization) => organization.state === 'active')
    .map((organization) => organization.organizationId);
}
