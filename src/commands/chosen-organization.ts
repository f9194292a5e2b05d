import { chooseOrganization } from '../choose-organizations.ts';
import type { Database } from '../db/database.ts';
import { readOrganizations } from '../db/organizations.ts';

/**
 * The id of the organization that a command was told to keep to.
 *
 * @param wanted its id or name; `undefined`: all, and so is the answer
 * @throws {UsageError} for one that the archive does not know
 */
export async function chosenOrganizationId(
  database: Database,
  wanted: string | undefined,
): Promise<string | undefined> {
  if (wanted === undefined) return undefined;
  return chooseOrganization(await readOrganizations(database), wanted).organizationId;
}
