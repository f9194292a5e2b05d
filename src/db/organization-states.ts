import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { type Queryable, type Transaction, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';
import type { OrganizationState } from './schema.ts';

/** Since when an organization was in a state. */
export interface StateSince {
  readonly state: OrganizationState;
  readonly since: Instant;
}

/**
 * Adds an organization's present state to its history, if it differs from the last one there. A clock that was set
 * back does not put a change before an earlier one.
 */
export async function noteState(tx: Transaction, organizationId: string, now: Instant): Promise<void> {
  await tx.execute(sql`
    insert into meraki_ingest.organization_states (organization_id, since, state)
    select o.organization_id,
      greatest(${formatInstant(now)}::timestamptz, h.since + interval '1 microsecond'), o.state
    from meraki_store.organizations o
    left join (
      select organization_id, since, state from meraki_ingest.organization_states
      where organization_id = ${organizationId} order by since desc limit 1
    ) h on h.organization_id = o.organization_id
    where o.organization_id = ${organizationId} and h.state is distinct from o.state
    on conflict (organization_id, since) do nothing`);
}

/** The states an organization has been in, oldest first; neighbours differ. */
export async function readStates(query: Queryable, organizationId: string): Promise<readonly StateSince[]> {
  const found = await translated(
    query.execute<{ state: OrganizationState; since: string }>(sql`
      select state, since::text as since from meraki_ingest.organization_states
      where organization_id = ${organizationId} order by since`),
  );
  // Two workers that notice the same change at once each write it down.
  return found.rows
    .filter((row, index) => row.state !== found.rows[index - 1]?.state)
    .map(({ state, since }) => ({ state, since: parseDatabaseInstant(since) }));
}

/** The state at `instant`; `undefined` where the history does not reach so far back. */
export function stateAt(states: readonly StateSince[], instant: Instant): StateSince | undefined {
  return states.findLast(({ since }) => since <= instant);
}
