/*
 * One window of final time, read again and compared with what is stored, as multisets. What differs is changed
 * only when a second reading, made after the first comparison, differs from the store in the very same way: then
 * neither a row that appeared meanwhile nor another audit can be the reason. Rows that the source has are written
 * as any page is; what it has not is set aside, never dropped. All of a comparison happens in one transaction that
 * holds the stream's coverage, and counts only for time that is final then.
 */
import { randomUUID } from 'node:crypto';
import {
  type AuditFigures,
  type AuditOutcome,
  type AuditRecord,
  noFigures,
  saveAudit,
} from '../db/audits.ts';
import { type Coverage, type CoverageByWidth, lockCoverage } from '../db/coverage.ts';
import type { Database, Transaction } from '../db/database.ts';
import { addLateness } from '../db/lateness.ts';
import type { Partitions } from '../db/partitions.ts';
import { addVerified } from '../db/verified-time.ts';
import { instantOfSeconds } from '../instant.ts';
import { growToGrid, intersect, type Range, type Ranges, subtract } from '../ranges.ts';
import {
  amountOf,
  compareContents,
  contentsWithin,
  type Difference,
  isDoubtful,
  isEqual,
} from './compare-contents.ts';
import { afterFinal } from './lateness.ts';
import { firstReading, type PlannedAudit } from './plan-audit.ts';
import { type ReadAgain, readAgain } from './read-again.ts';
import type { Content, Stream } from './stream.ts';
import type { StreamMemory } from './stream-memory.ts';

export interface AuditContext {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly stream: Stream;
  readonly memory: StreamMemory;
  readonly signal: AbortSignal;
}

/** Final time of a width that report views count: what an audit is about. */
export function auditedTime(intervalSeconds: number, { final, counted }: Coverage): Ranges {
  return intervalSeconds === 0 ? final : intersect(final, counted);
}

/** Audits one window within so many requests. Errors of the database, and of the whole source, pass. */
export async function auditWindow(
  context: AuditContext,
  planned: PlannedAudit,
  requests: number,
): Promise<AuditRecord> {
  const { stream, memory, signal } = context;
  const first = await readAgain(stream, memory, planned, firstReading(requests), signal);
  const found = await compareFirst(context, planned, first);
  if ('outcome' in found) return found;
  const disputed = aroundDifference(planned, found.difference);
  const { lead, reach } = await memory.situation();
  const now = stream.now();
  const asked = { from: disputed.from - lead, to: Math.min(disputed.to + reach, now) };
  const again = { ...planned, openedAt: now, claim: disputed, asked };
  const second = await readAgain(stream, memory, again, requests - first.requests, signal);
  for (const { table, range } of second.readings.flatMap((reading) => reading.partitions)) {
    await context.partitions.ensure(table, range);
  }
  return await compareSecond(context, planned, found, first, second, disputed);
}

interface Found {
  readonly difference: Difference;
  readonly figures: AuditFigures;
}

async function compareFirst(
  { database, stream }: AuditContext,
  planned: PlannedAudit,
  first: ReadAgain,
): Promise<AuditRecord | Found> {
  return await database.transaction(async (tx) => {
    const { within, coverage } = await lockFinal(tx, stream, planned, first.read);
    const record = recordOf(stream, planned, within, first.requests);
    if (within.length === 0) {
      const error = first.endedBy ?? 'nothing of the window was answered in the width that is stored';
      return await saved(tx, { ...record, outcome: 'unreadable', error });
    }
    const source = contentsWithin(first.contents, within);
    const stored = await storedWithin(tx, stream, planned, within);
    const difference = compareContents(source, stored);
    const figures = figuresOf(planned, source, difference);
    if (isEqual(difference)) {
      await verify(tx, stream, planned, coverage, within);
      return await saved(tx, { ...record, ...figures, outcome: 'equal' });
    }
    return { difference, figures };
  });
}

async function compareSecond(
  { database, stream }: AuditContext,
  planned: PlannedAudit,
  found: Found,
  first: ReadAgain,
  second: ReadAgain,
  disputed: Range,
): Promise<AuditRecord> {
  return await database.transaction(async (tx) => {
    const { within, coverage } = await lockFinal(tx, stream, planned, first.read);
    const record = recordOf(stream, planned, within, first.requests + second.requests);
    const contested = intersect(within, [disputed]);
    const uncontested = subtract(within, contested);
    const still = async (source: ReadAgain, part: Ranges) =>
      compareContents(contentsWithin(source.contents, part), await storedWithin(tx, stream, planned, part));
    const unconfirmed = (error: string) =>
      saved(tx, { ...record, ...found.figures, outcome: 'unconfirmed', error });
    if (subtract(contested, second.read).length > 0) {
      return await unconfirmed(`it could not be read a second time: ${second.endedBy ?? 'not all of it'}`);
    }
    const difference = await still(second, contested);
    const restEqual = isEqual(await still(first, uncontested));
    const verified = restEqual ? within : contested;
    if (isEqual(difference)) {
      await verify(tx, stream, planned, coverage, verified);
      return await saved(tx, { ...record, rowsCompared: found.figures.rowsCompared, outcome: 'equal' });
    }
    if (!sameDifference(found.difference, difference)) {
      return await unconfirmed('a second reading differed in another way');
    }
    if (isDoubtful(difference, contentsWithin(second.contents, contested), planned.intervalSeconds)) {
      const error =
        'Meraki no longer gives what it gave once; it may have answered in part, or keep less than it says';
      return await saved(tx, { ...record, ...found.figures, outcome: 'doubtful', error });
    }
    const now = stream.now();
    await stream.write(tx, second.readings, coverage, now);
    await stream.setAside(tx, (await still(second, contested)).surplus, now);
    if (!isEqual(await still(second, contested))) return await unconfirmed('it could not be made equal');
    await verify(tx, stream, planned, coverage, verified);
    const { figures } = found;
    await addLateness(tx, stream.key, afterFinal(figures.rowsMissing), now);
    const repaired = figures.rowsMissing + figures.rowsSurplus + figures.figuresChanged;
    return await saved(tx, { ...record, ...figures, repaired, outcome: 'repaired' });
  });
}

async function lockFinal(
  tx: Transaction,
  stream: Stream,
  { intervalSeconds }: PlannedAudit,
  read: Ranges,
): Promise<{ readonly coverage: CoverageByWidth; readonly within: Ranges }> {
  const coverage = await lockCoverage(tx, stream.key, [], stream.now());
  const own = coverage.get(intervalSeconds);
  return { coverage, within: own === undefined ? [] : intersect(read, auditedTime(intervalSeconds, own)) };
}

async function storedWithin(
  tx: Transaction,
  stream: Stream,
  { intervalSeconds }: PlannedAudit,
  within: Ranges,
): Promise<readonly Content[]> {
  return contentsWithin(await stream.stored(tx, intervalSeconds, within), within);
}

async function verify(
  tx: Transaction,
  stream: Stream,
  { intervalSeconds }: PlannedAudit,
  coverage: CoverageByWidth,
  verified: Ranges,
): Promise<void> {
  const final = coverage.get(intervalSeconds)?.final ?? [];
  await addVerified(tx, stream.key, intervalSeconds, verified, final, stream.now());
}

async function saved(tx: Transaction, record: AuditRecord): Promise<AuditRecord> {
  await saveAudit(tx, record);
  return record;
}

function recordOf(stream: Stream, planned: PlannedAudit, within: Ranges, requests: number): AuditRecord {
  const from = within[0]?.from ?? planned.claim.from;
  const to = within.at(-1)?.to ?? planned.claim.to;
  const outcome: AuditOutcome = 'unreadable';
  return {
    ...noFigures,
    auditId: randomUUID(),
    key: stream.key,
    intervalSeconds: planned.intervalSeconds,
    auditedAt: stream.now(),
    audited: { from, to },
    requests,
    outcome,
    error: null,
  };
}

/** Deliveries are counted one by one; of figures in buckets, it counts how many are not the same. */
function figuresOf(planned: PlannedAudit, source: readonly Content[], difference: Difference): AuditFigures {
  const { missing, surplus } = difference;
  if (planned.intervalSeconds !== 0) {
    return { ...noFigures, rowsCompared: source.length, figuresChanged: missing.length + surplus.length };
  }
  return {
    ...noFigures,
    rowsCompared: amountOf(source),
    rowsMissing: amountOf(missing),
    rowsSurplus: amountOf(surplus),
  };
}

function aroundDifference({ claim, intervalSeconds }: PlannedAudit, difference: Difference): Range {
  const instants = [...difference.missing, ...difference.surplus].map(({ at }) => at);
  const around = {
    from: instants.reduce((least, at) => Math.min(least, at), claim.to),
    to: instants.reduce((most, at) => Math.max(most, at + 1), claim.from),
  };
  return intervalSeconds === 0 ? around : growToGrid(around, instantOfSeconds(intervalSeconds));
}

function sameDifference(one: Difference, other: Difference): boolean {
  return (
    isEqual(compareContents(one.missing, other.missing)) &&
    isEqual(compareContents(one.surplus, other.surplus))
  );
}
