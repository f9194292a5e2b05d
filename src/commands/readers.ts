import { chooseOrganizations } from '../choose-organizations.ts';
import type { Config } from '../config.ts';
import type { Database, Transaction } from '../db/database.ts';
import { toldToAdministrator } from '../db/migration-rights.ts';
import { readOrganizations } from '../db/organizations.ts';
import {
  objectionTo,
  READER_GROUP,
  type Reader,
  readReaders,
  runStatements,
  setReaderOrganizations,
  statementsForGroup,
  statementsToAdd,
  statementsToRemove,
} from '../db/readers.ts';
import { DatabaseError, MissingRightsError, UsageError } from '../errors.ts';
import type { Log } from '../log.ts';
import { withArchive } from './open-archive.ts';
import { type Output, say, sayJson, table } from './output.ts';

export interface ReaderOptions {
  readonly config: Config;
  readonly log: Log;
  readonly output: Output;
}

/**
 * Lets a role see these organizations and no others, and makes the role where there is none.
 *
 * @param organizations ids or names
 * @throws {UsageError} for a role that sees more anyway, and for organizations that are not known
 * @throws {MissingRightsError} with what an administrator has to run
 */
export async function addReader(
  options: ReaderOptions,
  role: string,
  organizations: readonly string[],
): Promise<void> {
  refuseName(role);
  const { output } = options;
  await withArchive(options, async ({ database, url }) => {
    const seen = chooseOrganizations(await readOrganizations(database), organizations);
    const organizationIds = seen.map(({ organizationId }) => organizationId);
    const objection = await objectionTo(database.query, role);
    if (objection !== undefined) {
      throw new UsageError(`${role} cannot be held to some organizations: it ${objection}.`);
    }
    const lacking = await statementsForGroup(database.query);
    if (lacking.length > 0) throw missingRights(lacking);
    const before = (await readReaders(database.query)).find((reader) => reader.role === role);
    const statements = await statementsToAdd(database.query, role);
    await change(database, statements, (tx) => setReaderOrganizations(tx, role, organizationIds));
    say(output, `In the views of schema meraki ${role} sees these organizations and no others:`);
    for (const { organizationId, name } of seen) say(output, `  ${organizationId}  ${name}`);
    const gone = (before?.organizationIds ?? []).filter((id) => !organizationIds.includes(id));
    if (gone.length > 0) say(output, `It no longer sees ${gone.join(', ')}.`);
    if (statements.some((statement) => statement.startsWith('create role'))) sayNext(output, role, url);
  });
}

/** Prints these roles and what each may see. */
export async function listReaders(options: ReaderOptions & { readonly json: boolean }): Promise<void> {
  const { output, json } = options;
  await withArchive(options, async ({ database }) => {
    const readers = await Promise.all(
      (await readReaders(database.query)).map(async (reader) => ({
        ...reader,
        state: stateOf(reader, await objectionTo(database.query, reader.role)),
      })),
    );
    if (json) {
      const told = readers.map(({ role, organizationIds, state }) => ({
        role,
        organizationIds,
        state,
      }));
      sayJson(output, { readers: told });
      return;
    }
    if (readers.length === 0) {
      say(output, 'No role sees some organizations only. "meraki-historian reader add" makes one.');
      return;
    }
    const names = new Map((await readOrganizations(database)).map((one) => [one.organizationId, one.name]));
    const rows = readers.map((reader) => [
      reader.role,
      reader.organizationIds.map((id) => `${names.get(id) ?? 'unknown'} (${id})`).join('\n') || 'none',
      reader.state,
    ]);
    say(output, table(['role', 'sees', 'state'], rows));
  });
}

/**
 * Takes a role its rights to the report views.
 *
 * @throws {UsageError} for a role that is no such reader
 * @throws {MissingRightsError} with what an administrator has to run
 */
export async function removeReader(options: ReaderOptions, role: string, drop: boolean): Promise<void> {
  refuseName(role);
  await withArchive(options, async ({ database }) => {
    const readers = await readReaders(database.query);
    const reader = readers.find((one) => one.role === role);
    if (reader === undefined) {
      const known = readers.map((one) => one.role).join(', ') || 'none';
      throw new UsageError(`${role} is no role that sees some organizations only. These are: ${known}.`);
    }
    const statements = await statementsToRemove(database.query, role, drop);
    await change(database, statements, (tx) => setReaderOrganizations(tx, role, []));
    const done = drop && reader.exists ? 'is dropped' : 'sees nothing in schema meraki any more';
    say(options.output, `${role} ${done}.`);
  });
}

/** Names that Postgres reserves or would cut off, and roles that this program has for something else. */
function refuseName(role: string): void {
  if (role === '' || role.includes('\0') || Buffer.byteLength(role) > 63) {
    throw new UsageError('The name of a role has 1 to 63 bytes.');
  }
  if (/^pg_/.test(role) || ['public', 'none', 'meraki_reader', READER_GROUP].includes(role)) {
    throw new UsageError(`${role} is reserved: choose another name.`);
  }
}

/** All or nothing. */
async function change(
  database: Database,
  statements: readonly string[],
  work: (tx: Transaction) => Promise<void>,
): Promise<void> {
  try {
    await database.transaction(async (tx) => {
      await runStatements(tx, statements);
      await work(tx);
    });
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.facts['sqlstate'] !== '42501') throw error;
    throw missingRights(statements, error);
  }
}

function missingRights(statements: readonly string[], cause?: unknown): MissingRightsError {
  return new MissingRightsError(
    `The role of DATABASE_URL may not do this. ${toldToAdministrator(statements)}\nThen repeat the command.`,
    {},
    cause,
  );
}

function sayNext(output: Output, role: string, databaseUrl: string): void {
  const url = new URL(databaseUrl);
  const login = encodeURIComponent(role);
  const name = /^[a-z_][a-z0-9_]*$/.test(role) ? role : `"${role.replaceAll('"', '""')}"`;
  say(output, '\nIt is new and has no password. Give it one, in psql as a role that may:');
  say(output, `  \\password ${name}`);
  say(output, 'Then it logs in like this:');
  say(output, `  psql 'postgresql://${login}@${url.host}${url.pathname}'`);
}

/** @param objection what somebody has given the role since it was added */
function stateOf({ exists, isMember, canLogIn }: Reader, objection: string | undefined): string {
  if (!exists) return 'dropped';
  if (objection !== undefined) return `not held to these: ${objection}`;
  if (!isMember) return 'without rights';
  return canLogIn ? 'ready' : 'cannot log in';
}
