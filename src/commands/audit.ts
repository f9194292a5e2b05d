import { chooseOrganization } from '../choose-organizations.ts';
import type { AuditRecord } from '../db/audits.ts';
import { readOrganizations } from '../db/organizations.ts';
import { HistorianError, OrganizationRefusedError } from '../errors.ts';
import { formatInstant } from '../instant.ts';
import { STREAM_NAMES, type StreamName, streamLabel } from '../stream-key.ts';
import { auditStream, differed } from '../sync/audit-stream.ts';
import { rollUpAll } from '../sync/roll-up.ts';
import type { Stream } from '../sync/stream.ts';
import { type Archive, openArchive } from './archive.ts';
import type { WorkOptions } from './command-options.ts';
import { formatMinute, formatNumber, type Output, say, sayJson, table } from './output.ts';

export interface AuditOptions extends WorkOptions {
  /** Id or name; `undefined`: all. */
  readonly organization: string | undefined;
  readonly stream: StreamName | undefined;
  /** Requests for each stream, in place of AUDIT_REQUESTS. */
  readonly requests: number | undefined;
  /** A number from 0 up to but not including 1. */
  readonly random: () => number;
}

/**
 * Reads some final time of every stream again, compares it with what is stored and repairs what differs.
 *
 * @returns the exit code: 0, or 7 when anything differed
 * @throws the first stream's error when no stream could be audited
 */
export async function audit(options: AuditOptions): Promise<number> {
  const { config, signal, output, json } = options;
  const archive = await openArchive({ ...options, migrations: 'expect' });
  try {
    const known = await readOrganizations(archive.database);
    const { organization } = options;
    const chosen = organization === undefined ? known : [chooseOrganization(known, organization)];
    const organizations = chosen.filter(({ state }) => state === 'active');
    if (organizations.length === 0) {
      throw new OrganizationRefusedError(
        'There is nothing to audit: the archive knows no such organization that can be read. Run "meraki-historian sync" first.',
      );
    }
    const names = new Map(organizations.map(({ organizationId, name }) => [organizationId, name]));
    const records: AuditRecord[] = [];
    const failures: HistorianError[] = [];
    const streams = streamsOf(archive, [...names.keys()], options.stream);
    for (const stream of streams) {
      const requests = options.requests ?? config.audit.requests;
      try {
        const { random } = options;
        const audited = { ...archive, stream, signal, requests, random, yieldToBackfill: false };
        records.push(...(await auditStream(audited)));
      } catch (error) {
        if (!(error instanceof HistorianError)) throw error;
        failures.push(error);
        archive.log.error({ ...stream.key, code: error.code }, `not audited: ${error.message}`);
      }
      signal.throwIfAborted();
    }
    await rollUpAll({ ...archive, signal }, archive.client.now());
    if (json) sayJson(output, { audits: records.map(told), failures: failures.map(({ code }) => code) });
    else report(output, records, names);
    if (failures[0] !== undefined && failures.length === streams.length) throw failures[0];
    return records.some(differed) ? 7 : (failures[0]?.exitCode ?? 0);
  } finally {
    await archive.close();
  }
}

function streamsOf(
  archive: Archive,
  organizationIds: readonly string[],
  only: StreamName | undefined,
): readonly Stream[] {
  return organizationIds.flatMap((organizationId) =>
    STREAM_NAMES.filter((name) => only === undefined || name === only).flatMap((stream) =>
      archive.streamsOf({ organizationId, stream }, 'backfill'),
    ),
  );
}

function told({ key, audited, auditedAt, ...figures }: AuditRecord) {
  return {
    ...key,
    auditedAt: formatInstant(auditedAt),
    auditedFrom: formatInstant(audited.from),
    auditedTo: formatInstant(audited.to),
    ...figures,
  };
}

function report(output: Output, records: readonly AuditRecord[], names: ReadonlyMap<string, string>): void {
  if (records.length === 0) {
    say(output, 'There is no final time to audit yet.');
    return;
  }
  say(
    output,
    table(
      [
        'organization',
        'stream',
        'from',
        'to',
        'compared',
        'missing',
        'surplus',
        'changed',
        'requests',
        'outcome',
      ],
      records.map((record) => [
        names.get(record.key.organizationId) ?? record.key.organizationId,
        streamLabel(record.key),
        formatMinute(formatInstant(record.audited.from)),
        formatMinute(formatInstant(record.audited.to)),
        record.rowsCompared,
        record.rowsMissing,
        record.rowsSurplus,
        record.figuresChanged,
        record.requests,
        record.error === null ? record.outcome : `${record.outcome}: ${record.error}`,
      ]),
      ['compared', 'missing', 'surplus', 'changed', 'requests'],
    ),
  );
  say(output);
  const compared = records.reduce((sum, { rowsCompared }) => sum + rowsCompared, 0);
  const differing = records.filter(differed).length;
  say(
    output,
    differing === 0
      ? `${formatNumber(compared)} rows and figures compared; nothing differed.`
      : `${formatNumber(compared)} rows and figures compared; ${differing} of ${records.length} windows differed (view meraki.audits).`,
  );
}
