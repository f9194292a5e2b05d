/*
 * Archives of several organizations in time zones of their own, written as the program writes them, without a
 * dashboard: pages of deliveries and counts, coverage, and what makes rollups of them.
 */

import { type ApiResponseCount, writeApiResponseCounts } from '../../src/db/api-response-counts.ts';
import { ensureCalendar } from '../../src/db/calendar.ts';
import { type Coverage, lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import type { Database, Transaction } from '../../src/db/database.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { rememberStream } from '../../src/db/streams.ts';
import { writeWebhookDeliveries } from '../../src/db/webhook-deliveries.ts';
import { type Instant, instantOfMilliseconds, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { type Range, type Ranges, rangesOf, spanOf, subtract } from '../../src/ranges.ts';
import type { StreamKey, StreamName } from '../../src/stream-key.ts';
import { addClaims } from '../../src/sync/commit-pages.ts';
import { type RollUpContext, rollUp } from '../../src/sync/roll-up.ts';
import { deliveryBatch, type WebhookDelivery } from './delivery-batch.ts';
import { emptyTestDatabase, type TestDatabase } from './test-database.ts';

export const HOUR = instantOfSeconds(3_600);
export const DAY = 24 * HOUR;

/** @throws {RangeError} on a text that is no instant */
export function at(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`no instant: ${text}`);
  return instant;
}

export function keyOf(organizationId: string, stream: StreamName, series = 'all'): StreamKey {
  return { organizationId, stream, series };
}

/** A delivery like any other, but for what is given. */
export function delivery(sentAt: Instant, given: Partial<WebhookDelivery> = {}): WebhookDelivery {
  return {
    sentAt,
    loggedAt: sentAt + 1_000_000,
    fingerprint: 1n,
    occurrence: 0,
    networkKey: 1n,
    alertTypeId: 1n,
    endpointId: 1n,
    responseCode: 200,
    responseDurationMs: 100,
    extra: null,
    ...given,
  };
}

/** Counts of the buckets of one width that were read, and the part of them that is final. */
export interface CountsPage {
  readonly intervalSeconds: number;
  readonly counts: readonly ApiResponseCount[];
  readonly read: Ranges;
  readonly final: Ranges;
}

export class RollupBench {
  readonly owned: TestDatabase;
  readonly partitions: Partitions;
  /** When the program writes; by default now. */
  now: Instant = instantOfMilliseconds(Date.now());

  constructor(owned: TestDatabase) {
    this.owned = owned;
    this.partitions = new Partitions(owned.database);
  }

  static async create(): Promise<RollupBench> {
    return new RollupBench(await emptyTestDatabase());
  }

  get database(): Database {
    return this.owned.database;
  }

  get context(): RollUpContext {
    return { database: this.database, partitions: this.partitions, signal: new AbortController().signal };
  }

  /** An organization whose streams are wanted for `wanted`, and not after it where `ended`. */
  async addOrganization(
    organizationId: string,
    timeZone: string,
    wanted: Range,
    options: { readonly ended?: boolean; readonly series?: readonly string[] } = {},
  ): Promise<void> {
    await this.database.pool.query(
      `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at, time_zone)
       values ($1, 'Organization ' || $1, now(), now(), $2)`,
      [organizationId, timeZone],
    );
    await ensureCalendar(this.database.query, timeZone, { from: wanted.from, to: this.now + 40 * DAY });
    const keys = [
      keyOf(organizationId, 'webhook_logs'),
      ...(options.series ?? ['all']).map((series) => keyOf(organizationId, 'api_responses', series)),
    ];
    for (const key of keys) {
      const wish = { wantedFrom: wanted.from, lookbackSeconds: 86_400, expectedLagSeconds: 60 };
      await rememberStream(this.database, key, wish, this.now);
    }
    if (options.ended !== true) return;
    await this.database.pool.query(
      `update meraki_ingest.streams set retired_at = to_timestamp($2) where organization_id = $1`,
      [organizationId, wanted.to / 1_000_000],
    );
  }

  /** Writes deliveries in a transaction of their own, and what else `more` does in it. */
  async writeDeliveries(
    organizationId: string,
    deliveries: readonly WebhookDelivery[],
    more?: (tx: Transaction) => Promise<void>,
  ): Promise<void> {
    if (deliveries.length > 0) {
      await this.partitions.ensure('webhook_deliveries', spanOf(deliveries.map(({ sentAt }) => sentAt)));
    }
    await this.database.transaction(async (tx) => {
      await this.insertDeliveries(tx, organizationId, deliveries);
      await more?.(tx);
    });
  }

  async insertDeliveries(
    tx: Transaction,
    organizationId: string,
    deliveries: readonly WebhookDelivery[],
  ): Promise<void> {
    const members = (of: (row: WebhookDelivery) => bigint, text: (key: string) => string) =>
      [...new Set(deliveries.map(of))].map((id) => {
        const key = String(id);
        const own = deliveries.filter((row) => of(row) === id).map(({ sentAt }) => sentAt);
        const { from, to } = spanOf(own);
        return { key, text: text(key), firstAt: from, lastAt: to - 1 };
      });
    const endpoints = members(
      ({ endpointId }) => endpointId,
      (key) => `https://receiver-${key}.example.org/secret`,
    ).map((member) => ({
      ...member,
      masked: `${member.text.slice(0, -6)}***`,
      host: `receiver-${member.key}`,
    }));
    await writeWebhookDeliveries(
      tx,
      organizationId,
      deliveryBatch(deliveries, {
        endpoints,
        networks: members(
          ({ networkKey }) => networkKey,
          (key) => `N_${key}`,
        ),
        alertTypes: members(
          ({ alertTypeId }) => alertTypeId,
          (key) => `alert ${key}`,
        ),
      }),
      this.now,
    );
  }

  /** Says what of the webhook log was read. */
  async coverDeliveries(organizationId: string, final: Ranges, provisional: Ranges = []): Promise<void> {
    const key = keyOf(organizationId, 'webhook_logs');
    const coverage: Coverage = { final, provisional: subtract(provisional, final), counted: [] };
    await this.database.transaction(async (tx) => {
      await lockCoverage(tx, key, [0], this.now);
      await saveCoverage(tx, key, 0, coverage, this.now);
    });
  }

  /** Writes counts and claims their time, as a page's commit does. */
  async writeCounts(
    organizationId: string,
    pages: readonly CountsPage[],
    series = 'all',
    retracted: ReadonlyMap<number, Ranges> = new Map(),
  ): Promise<void> {
    const key = keyOf(organizationId, 'api_responses', series);
    for (const { read } of pages) {
      for (const range of read) await this.partitions.ensure('api_response_counts', range);
    }
    await this.database.transaction(async (tx) => {
      const widths = pages.map(({ intervalSeconds }) => intervalSeconds);
      const before = await lockCoverage(tx, key, widths, this.now);
      for (const page of pages) {
        const finalBefore = before.get(page.intervalSeconds)?.final ?? [];
        await writeApiResponseCounts(tx, key, page, finalBefore, this.now);
      }
      const claims = [
        ...pages.map(({ intervalSeconds, read, final }) => ({
          intervalSeconds,
          final,
          provisional: subtract(read, final),
        })),
        ...[...retracted].map(([intervalSeconds, gone]) => ({
          intervalSeconds,
          final: rangesOf(),
          provisional: rangesOf(),
          retracted: gone,
        })),
      ];
      for (const [width, coverage] of addClaims(before, claims)) {
        await saveCoverage(tx, key, width, coverage, this.now);
      }
    });
  }

  /** @param rest given where the stream is being read meanwhile */
  async rollUp(key: StreamKey, rest?: (ms: number) => Promise<void>): Promise<void> {
    await rollUp(this.context, key, this.now, rest);
  }

  async rows<Row extends object>(query: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.database.pool.query<Row>(query, [...values])).rows;
  }

  /** The stale time of every stream that has any. */
  async stale(): Promise<readonly string[]> {
    const found = await this.rows<{ line: string }>(
      `select organization_id || ' ' || stream || ' ' || series || ' ' || stale::text as line
       from meraki_store.rollup_stale where not isempty(stale) order by 1`,
    );
    return found.map(({ line }) => line);
  }

  /** Every stored row of every rollup, as text. */
  async rollups(): Promise<readonly string[]> {
    const rows: string[] = [];
    for (const table of ROLLUPS) {
      const found = await this.rows<{ line: string }>(
        `select '${table} ' || to_json(r)::text as line from meraki_store.${table} r order by 1`,
      );
      rows.push(...found.map(({ line }) => line));
    }
    return rows;
  }
}

export const ROLLUPS = [
  'webhook_hours',
  'webhook_endpoint_hours',
  'webhook_days',
  'webhook_endpoint_days',
  'webhook_code_days',
  'webhook_alert_days',
  'webhook_network_days',
  'webhook_failure_runs',
  'api_response_hours',
  'api_response_days',
  'api_code_days',
] as const;
