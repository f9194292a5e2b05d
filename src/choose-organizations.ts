import { UsageError } from './errors.ts';

/** An organization as its listing has it. */
export interface ListedOrganization {
  readonly organizationId: string;
  readonly name: string;
}

/** More names than a person looks through. */
const MOST_LISTED = 30;

/**
 * The organizations that somebody means, in their order and each once.
 *
 * @throws {UsageError} as {@link chooseOrganization}
 */
export function chooseOrganizations<T extends ListedOrganization>(
  known: readonly T[],
  wanted: readonly string[],
): readonly T[] {
  return [...new Set(wanted.map((one) => chooseOrganization(known, one)))];
}

/**
 * The organization that somebody means, by its id or by a name that no other has.
 *
 * @throws {UsageError} for one that is not known, or that is not the only one of its name; says which there are
 */
export function chooseOrganization<T extends ListedOrganization>(known: readonly T[], wanted: string): T {
  const byId = known.find(({ organizationId }) => organizationId === wanted);
  if (byId !== undefined) return byId;
  const [named, ...namesakes] = known.filter(({ name }) => name === wanted);
  if (named === undefined) throw new UsageError(notKnown(known, wanted));
  if (namesakes.length > 0) {
    throw new UsageError(
      `Several organizations are named ${wanted}. Give the id:${listed([named, ...namesakes])}`,
    );
  }
  return named;
}

function notKnown(known: readonly ListedOrganization[], wanted: string): string {
  if (known.length === 0) {
    return 'No organization is known yet: run "meraki-historian start" or "sync" first.';
  }
  return `No organization has the id or the name ${wanted}. These are known:${listed(known)}`;
}

function listed(known: readonly ListedOrganization[]): string {
  const told = known
    .slice(0, MOST_LISTED)
    .map(({ organizationId, name }) => `\n  ${organizationId}  ${name}`);
  const others = known.length - told.length;
  if (others > 0) told.push(`\n  and ${others} more: "meraki-historian export organizations" has them all`);
  return told.join('');
}
