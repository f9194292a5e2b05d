import { chooseOrganization } from '../choose-organizations.ts';
import type { Database } from '../db/database.ts';
import { type LedgerMoment, readLedgerMoments } from '../db/moment-facts.ts';
import { readStates, type StateSince } from '../db/organization-states.ts';
import { type OrganizationRecord, readOrganizations } from '../db/organizations.ts';
import { countQuarantinedNearby } from '../db/quarantined-nearby.ts';
import { countDeliveries, MINUTE, readBucket, stepAround } from '../db/stored-moment.ts';
import { formatInstant, type Instant, instantOfMilliseconds } from '../instant.ts';
import { type StreamName, streamLabel } from '../stream-key.ts';
import { momentVerdict } from '../sync/moment-verdict.ts';
import type { LookOptions } from './command-options.ts';
import { remedyOf, sentenceOn, type ToldMoment } from './moment-sentences.ts';
import { withArchive } from './open-archive.ts';
import { paintFor, say, sayJson } from './output.ts';

export interface ExplainOptions extends LookOptions {
  /** Id or name. */
  readonly organization: string;
  readonly moment: Instant;
  /** The time was given as a day alone. */
  readonly isWholeDay: boolean;
  readonly stream: StreamName | undefined;
}

/**
 * Says why a moment of an organization looks as it does, for each of its streams.
 *
 * @throws {UsageError} for an organization that was never seen
 */
export async function explain(options: ExplainOptions): Promise<number> {
  const { output, json, moment } = options;
  return await withArchive(options, async (opened) => {
    const known = await readOrganizations(opened.database);
    const organization = chooseOrganization(known, options.organization);
    const told = await tellAll(opened.database, organization, options);
    if (json) {
      const streams = told.map(asJson);
      sayJson(output, { organizationId: organization.organizationId, time: formatInstant(moment), streams });
      return 0;
    }
    if (options.isWholeDay) {
      say(output, `A day alone means its beginning: ${formatInstant(moment).slice(0, 19)}Z.\n`);
    }
    const paint = paintFor(output);
    if (told.length === 0) say(output, neverRead(organization));
    for (const one of told) {
      say(output, paint.bold(streamLabel(one.ledger.key)));
      say(output, `  ${sentenceOn(one)}`);
      const remedy = remedyOf(one);
      if (remedy !== null) say(output, `  ${remedy}`);
    }
    return 0;
  });
}

async function tellAll(
  database: Database,
  { organizationId }: OrganizationRecord,
  options: ExplainOptions,
): Promise<readonly ToldMoment[]> {
  const state = (await readStates(database.query, organizationId)).at(-1);
  const ledgers = await readLedgerMoments(database.query, organizationId, options.moment);
  const told: ToldMoment[] = [];
  for (const ledger of ledgers) {
    if (options.stream !== undefined && ledger.key.stream !== options.stream) continue;
    told.push(await tell(database, ledger, state, options));
  }
  return told;
}

async function tell(
  { query }: Database,
  ledger: LedgerMoment,
  organization: StateSince | undefined,
  { config, clock, moment }: ExplainOptions,
): Promise<ToldMoment> {
  const { key } = ledger;
  const isLog = key.stream === 'webhook_logs';
  const deliveries = isLog ? await countDeliveries(query, key.organizationId, moment) : null;
  const bucket = isLog ? null : ((await readBucket(query, key, moment)) ?? null);
  const requests = bucket?.counts.reduce((sum, count) => sum + count.requests, 0) ?? 0;
  const near = bucket ?? stepAround(moment, MINUTE);
  const facts = {
    moment,
    now: instantOfMilliseconds(clock.now()),
    ledger,
    rows: deliveries?.minute ?? requests,
    quarantined: await countQuarantinedNearby(query, key, moment, near),
    organization,
  };
  const { settle: settleSeconds } = isLog ? config.webhookLogs : config.apiResponses;
  return { ...facts, ...momentVerdict(facts), deliveries, bucket, settleSeconds };
}

function neverRead({ state, name }: OrganizationRecord): string {
  const why = state === 'active' ? 'run "meraki-historian start" or "sync"' : `it is paused (${state})`;
  return `No stream of ${name} was ever read: ${why}.`;
}

function asJson(told: ToldMoment) {
  const { ledger, verdict, cause, deadline, deliveries, bucket, quarantined, organization } = told;
  return {
    stream: ledger.key.stream,
    series: ledger.key.series,
    verdict,
    said: sentenceOn(told),
    remedy: remedyOf(told),
    cause,
    deadline: deadline === null ? null : formatInstant(deadline),
    lost: ledger.lost === null ? null : { ...ledger.lost, lostAt: formatInstant(ledger.lost.lostAt) },
    deliveries,
    bucket:
      bucket === null ? null : { ...bucket, from: formatInstant(bucket.from), to: formatInstant(bucket.to) },
    quarantined,
    organizationState: organization?.state ?? null,
  };
}
