import type { AuditRecord, PastAudit } from '../db/audits.ts';
import { readAuditedInVain, readLastAudits } from '../db/audits.ts';
import { readCoverage } from '../db/coverage.ts';
import type { Database } from '../db/database.ts';
import type { Partitions } from '../db/partitions.ts';
import { readVerified } from '../db/verified-time.ts';
import { formatInstant, instantOfSeconds } from '../instant.ts';
import type { Log } from '../log.ts';
import type { Range } from '../ranges.ts';
import { describeStream } from '../stream-key.ts';
import { auditedTime, auditWindow } from './audit-window.ts';
import { backfillGaps } from './plan.ts';
import {
  type AuditEffort,
  type AuditedWidth,
  auditWidth,
  firstReading,
  type PlannedAudit,
  planAudit,
} from './plan-audit.ts';
import type { Stream } from './stream.ts';
import { StreamMemory } from './stream-memory.ts';

export interface StreamAudit {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly stream: Stream;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Most requests to send, but for those that have to be repeated; at least {@link LEAST_REQUESTS}. */
  readonly requests: number;
  /** A number from 0 up to but not including 1. */
  readonly random: () => number;
  /** Whether a stream that has history to fill in is left alone, so that nothing competes with that. */
  readonly yieldToBackfill: boolean;
  readonly only?: Range;
}

/** A window needs two requests for a first reading, and as many to confirm what differs. */
export const LEAST_REQUESTS = 4;
/** Time that was audited in vain is left alone for a day. */
const LEFT_ALONE = instantOfSeconds(86_400);

/**
 * Audits windows of a stream's final time until the requests are used up or there is nothing to audit.
 *
 * @returns what was found, window by window; each is recorded already
 * @throws errors that concern more than one window, such as a refused key; what was recorded before stands
 */
export async function auditStream(audit: StreamAudit): Promise<readonly AuditRecord[]> {
  const { database, stream, signal, log } = audit;
  const records: AuditRecord[] = [];
  if ((await readCoverage(database.query, stream.key)).size === 0) return records;
  const memory = new StreamMemory(database, stream, audit.only);
  await memory.recall();
  let left = Math.max(LEAST_REQUESTS, audit.requests);
  while (left >= LEAST_REQUESTS && !signal.aborted) {
    const planned = await planNext(audit, memory, left);
    if (planned === undefined) break;
    try {
      const record = await auditWindow({ ...audit, memory }, planned, left);
      tell(log, record);
      records.push(record);
      left -= Math.max(1, record.requests);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  return records;
}

async function planNext(
  { database, stream, random, yieldToBackfill }: StreamAudit,
  memory: StreamMemory,
  requests: number,
): Promise<PlannedAudit | undefined> {
  const situation = await memory.situation();
  if (yieldToBackfill && backfillGaps(situation).length > 0) return undefined;
  const { query } = database;
  const coverage = await readCoverage(query, stream.key);
  const verified = await readVerified(query, stream.key);
  const past = await readLastAudits(query, stream.key);
  const widths = [...coverage].map(([intervalSeconds, own]): AuditedWidth => {
    const mine = past.filter((one) => one.intervalSeconds === intervalSeconds).map(effortOf);
    return {
      intervalSeconds,
      final: auditedTime(intervalSeconds, own),
      verified: verified.get(intervalSeconds) ?? [],
      widest: auditWidth(mine, firstReading(requests)),
    };
  });
  const left = await readAuditedInVain(query, stream.key, situation.now - LEFT_ALONE);
  return planAudit(situation, widths, left, { kind: random(), place: random() });
}

function effortOf({ audited, requests, outcome }: PastAudit): AuditEffort {
  return { read: audited.to - audited.from, requests, readable: outcome !== 'unreadable' };
}

/** Whether the store differed from the source, repaired or not. */
export function differed({ outcome }: Pick<AuditRecord, 'outcome'>): boolean {
  return outcome !== 'equal' && outcome !== 'unreadable';
}

function tell(log: Log, record: AuditRecord): void {
  const { key, audited, auditId, auditedAt: _at, ...figures } = record;
  const facts = {
    ...key,
    auditId,
    from: formatInstant(audited.from),
    to: formatInstant(audited.to),
    ...figures,
  };
  if (!differed(record)) {
    log.debug(facts, `audit: ${record.outcome}`);
    return;
  }
  const count = record.rowsMissing + record.rowsSurplus + record.figuresChanged;
  const done =
    record.outcome === 'repaired' ? 'they were made equal' : `nothing was changed: ${record.error ?? ''}`;
  log.error(
    facts,
    `audit: ${describeStream(key)} differs from Meraki in ${count} rows or figures of final time; ${done}`,
  );
}
