/**
 * What may be done about an error:
 * - `later`: the same call can succeed when repeated, minutes from now at the latest;
 * - `never`: it fails until a person changes something;
 * - `superseded`: somebody else has taken over the work; nothing is wrong.
 */
export type Retry = 'later' | 'never' | 'superseded';

/** Values that describe one occurrence of an error. Never secrets: they are logged and stored. */
export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Base of every error this program raises on purpose. `code` is stable. */
export abstract class HistorianError extends Error {
  abstract readonly code: string;
  abstract readonly retry: Retry;
  /** Exit code of a command that ends with this error (the contract's table). */
  readonly exitCode: number = 1;
  readonly facts: Facts;

  constructor(message: string, facts: Facts = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.facts = facts;
  }
}

/** The command line cannot be understood. Not for settings in the environment. */
export class UsageError extends HistorianError {
  readonly code = 'USAGE';
  readonly retry = 'never';
  override readonly exitCode = 2;
}

/** Settings are missing or contradict each other; the message names every fault at once. */
export class ConfigurationError extends HistorianError {
  readonly code = 'CONFIGURATION';
  readonly retry = 'never';
  override readonly exitCode = 3;
}

/** HTTP 401: the key is missing, wrong or revoked. Not for a single organization that refuses access. */
export class KeyRefusedError extends HistorianError {
  readonly code = 'KEY_REFUSED';
  readonly retry = 'never';
  override readonly exitCode = 4;
}

/**
 * No usable answer: connection refused, cut, timed out, a status that has no meaning of its own here (5xx among them), or
 * a body that is not the documented JSON.
 */
export class UnreachableError extends HistorianError {
  readonly code = 'MERAKI_UNREACHABLE';
  readonly retry = 'later';
  override readonly exitCode = 5;
}

/** HTTP 429 for longer than one page may wait. The job tries again later; nothing is lost. */
export class RateLimitedError extends HistorianError {
  readonly code = 'RATE_LIMITED';
  readonly retry = 'later';
  override readonly exitCode = 5;
}

/** HTTP 403 or 404 for one organization: API access disabled, or the key lost sight of it. */
export class OrganizationRefusedError extends HistorianError {
  readonly code = 'ORGANIZATION_REFUSED';
  readonly retry = 'never';
  override readonly exitCode = 4;
}

/** HTTP 400: a window outside the source's limits, or a page token it no longer knows. */
export class WindowRefusedError extends HistorianError {
  readonly code = 'WINDOW_REFUSED';
  readonly retry = 'later';
  override readonly exitCode = 5;
}

/** An answer pointed the client to a host that must not see the key, or to plain http. Nothing was sent there. */
export class UntrustedHostError extends HistorianError {
  readonly code = 'UNTRUSTED_HOST';
  readonly retry = 'later';
  override readonly exitCode = 5;
}

/** The answer is well-formed but breaks the paging contract, e.g. a page token that repeats. */
export class PagingError extends HistorianError {
  readonly code = 'PAGING_BROKEN';
  readonly retry = 'later';
  override readonly exitCode = 5;
}

/** Another worker holds or moved the checkpoint; this run's page was not committed (invariant I4). */
export class SupersededError extends HistorianError {
  readonly code = 'SUPERSEDED';
  readonly retry = 'superseded';
}

/** Postgres cannot be reached, or ended the connection. Not for a statement it refuses. */
export class DatabaseUnreachableError extends HistorianError {
  readonly code = 'DATABASE_UNREACHABLE';
  readonly retry = 'later';
  override readonly exitCode = 6;
}

/** Postgres gave up a statement for the sake of others: deadlock, serialization, lock or statement timeout. */
export class DatabaseBusyError extends HistorianError {
  readonly code = 'DATABASE_BUSY';
  readonly retry = 'later';
  override readonly exitCode = 6;
}

/** Postgres refused a statement. The message is Postgres's own, without the statement's parameters. */
export class DatabaseError extends HistorianError {
  readonly code = 'DATABASE_REFUSED';
  readonly retry = 'later';
  override readonly exitCode = 6;
}

/** The role of DATABASE_URL may not do what a command was asked for; the message has the SQL for an administrator. */
export class MissingRightsError extends HistorianError {
  readonly code = 'MISSING_RIGHTS';
  readonly retry = 'never';
  override readonly exitCode = 6;
}

/**
 * More rows of a stream do not validate than QUARANTINE_LIMIT allows. The page was not committed and nothing of it
 * is claimed; it is read again at the next turn. Not for a single bad row.
 */
export class QuarantineFullError extends HistorianError {
  readonly code = 'QUARANTINE_FULL';
  readonly retry = 'never';
  override readonly exitCode = 7;
}

/** What was asked for cannot be written: no such folder, no right to write, disk full. Not for a pipe that was closed. */
export class OutputError extends HistorianError {
  readonly code = 'OUTPUT';
  readonly retry = 'never';
}

/** The queue's store (Redis or Postgres) cannot be reached. */
export class QueueUnreachableError extends HistorianError {
  readonly code = 'QUEUE_UNREACHABLE';
  readonly retry = 'later';
  override readonly exitCode = 6;
}

/** The database was migrated by a newer program, or a merged migration file was edited. */
export class SchemaMismatchError extends HistorianError {
  readonly code = 'SCHEMA_MISMATCH';
  readonly retry = 'never';
  override readonly exitCode = 6;
}

/** The embedded Postgres cannot start, or another historian already runs on its data directory. */
export class EmbeddedPostgresError extends HistorianError {
  readonly code = 'EMBEDDED_POSTGRES';
  readonly retry = 'never';
  override readonly exitCode = 6;
}
