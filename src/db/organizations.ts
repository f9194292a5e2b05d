import { and, eq, inArray, sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { type Database, translated } from './database.ts';
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
}

/**
 * Writes what the key sees now; organizations that are stored and not in `seen` become `vanished`. One that is
 * listed as active but was refused stays so until an answer shows otherwise.
 */
export async function saveOrganizations(
  database: Database,
  seen: readonly SeenOrganization[],
  now: Instant,
): Promise<void> {
  const at = formatInstant(now);
  for (const organization of seen) {
    await translated(
      database.query
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
        }),
    );
  }
  const present = new Set(seen.map((organization) => organization.organizationId));
  const gone = (await readOrganizations(database))
    .filter((organization) => organization.state !== 'vanished' && !present.has(organization.organizationId))
    .map((organization) => organization.organizationId);
  if (gone.length === 0) return;
  await translated(
    database.query
      .update(organizations)
      .set({ state: 'vanished' })
      .where(inArray(organizations.organizationId, gone)),
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

/** Notes whether Meraki's last answer for an organization was a refusal. */
export async function noteAnswer(
  database: Database,
  organizationId: string,
  answer: 'refused' | 'active',
): Promise<void> {
  const before: OrganizationState = answer === 'refused' ? 'active' : 'refused';
  await translated(
    database.query
      .update(organizations)
      .set({ state: answer })
      .where(and(eq(organizations.organizationId, organizationId), eq(organizations.state, before))),
  );
}
