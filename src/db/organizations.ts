import { and, eq, sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import { type Database, type Queryable, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';
import { noteOrganizationName } from './name-history.ts';
import { noteState } from './organization-states.ts';
import { type OrganizationState, organizations } from './schema.ts';

export interface OrganizationRecord {
  readonly organizationId: string;
  readonly name: string;
  readonly state: OrganizationState;
}

export interface SeenOrganization {
  readonly organizationId: string;
  readonly name: string;
  readonly url: string | null;
  readonly region: string | null;
  readonly state: OrganizationState;
  /** Of its days in reports, should it be new here; by default UTC. */
  readonly timeZone?: string;
}

/** When an organization that is as it was is written down as seen again; hundreds are listed every ten minutes. */
const SEEN_AGAIN = instantOfSeconds(3_600);

/**
 * Writes what the key sees now; organizations that are stored and not in `seen` become `left_out` or `vanished`. One
 * that is listed as active but was refused stays so until an answer shows otherwise.
 *
 * @param isLeftOut whether an organization is not among `seen` because nobody wants it
 */
export async function saveOrganizations(
  database: Database,
  seen: readonly SeenOrganization[],
  now: Instant,
  isLeftOut: (organizationId: string) => boolean = () => false,
): Promise<void> {
  const at = formatInstant(now);
  const stored = await translated(database.query.select().from(organizations));
  const before = new Map(stored.map((row) => [row.organizationId, row]));
  for (const organization of seen) {
    if (isAsBefore(organization, before.get(organization.organizationId), now)) continue;
    await database.transaction(async (tx) => {
      await tx
        .insert(organizations)
        .values({ ...organization, firstSeenAt: at, lastSeenAt: at })
        .onConflictDoUpdate({
          target: organizations.organizationId,
          set: {
            name: sql`excluded.name`,
            url: sql`excluded.url`,
            region: sql`excluded.region`,
            state: sql`case when ${organizations.state} = 'refused' and excluded.state = 'active'
              then 'refused' else excluded.state end`,
            lastSeenAt: sql`excluded.last_seen_at`,
          },
        });
      await noteOrganizationName(tx, organization.organizationId, now);
      await noteState(tx, organization.organizationId, now);
    });
  }
  const present = new Set(seen.map((organization) => organization.organizationId));
  for (const { organizationId, state: known } of stored) {
    const state = isLeftOut(organizationId) ? 'left_out' : 'vanished';
    if (present.has(organizationId) || state === known) continue;
    await database.transaction(async (tx) => {
      await tx.update(organizations).set({ state }).where(eq(organizations.organizationId, organizationId));
      await noteState(tx, organizationId, now);
    });
  }
}

function isAsBefore(
  { name, url, region, state }: SeenOrganization,
  before: typeof organizations.$inferSelect | undefined,
  now: Instant,
): boolean {
  if (before === undefined) return false;
  const sinceSeen = now - parseDatabaseInstant(before.lastSeenAt);
  const isRefusedStill = before.state === 'refused' && state === 'active';
  return (
    sinceSeen >= 0 &&
    sinceSeen < SEEN_AGAIN &&
    name === before.name &&
    url === before.url &&
    region === before.region &&
    (state === before.state || isRefusedStill)
  );
}

export async function readOrganizations(database: Database): Promise<readonly OrganizationRecord[]> {
  return await translated(
    database.query
      .select({
        organizationId: organizations.organizationId,
        name: organizations.name,
        state: organizations.state,
      })
      .from(organizations)
      .orderBy(organizations.organizationId),
  );
}

/** The time zone of an organization's days in reports. */
export async function timeZoneOf(query: Queryable, organizationId: string): Promise<string> {
  const found = await translated(
    query
      .select({ timeZone: organizations.timeZone })
      .from(organizations)
      .where(eq(organizations.organizationId, organizationId)),
  );
  return found[0]?.timeZone ?? 'UTC';
}

/** Notes whether Meraki's last answer for an organization was a refusal. */
export async function noteAnswer(
  database: Database,
  organizationId: string,
  answer: 'refused' | 'active',
  now: Instant,
): Promise<void> {
  const before: OrganizationState = answer === 'refused' ? 'active' : 'refused';
  await database.transaction(async (tx) => {
    const changed = await tx
      .update(organizations)
      .set({ state: answer })
      .where(and(eq(organizations.organizationId, organizationId), eq(organizations.state, before)));
    if ((changed.rowCount ?? 0) > 0) await noteState(tx, organizationId, now);
  });
}
