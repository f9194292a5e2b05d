import pg from 'pg';
import { extendCalendars } from '../../src/db/calendar.ts';
import { type Database, openDatabase } from '../../src/db/database.ts';
import type { PartitionedTable } from '../../src/db/partition-settings.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { type Instant, instantOfMilliseconds, MICROSECONDS_PER_MILLISECOND } from '../../src/instant.ts';
import { createLog } from '../../src/log.ts';
import { HOUR } from './archive/activity.ts';
import { type ArchiveOptions, type PlannedArchive, planArchive } from './archive/archive-options.ts';
import { BinaryRows } from './archive/binary-rows.ts';
import { copyIn } from './archive/copy-in.ts';
import { COUNT_COLUMNS, CountHistory, eagernessFor } from './archive/count-history.ts';
import { type Customer, createCustomers } from './archive/customer.ts';
import { DELIVERY_COLUMNS, DeliveryHistory } from './archive/delivery-history.ts';
import { fillDimensions } from './archive/fill-dimensions.ts';
import { fillLedger } from './archive/fill-ledger.ts';
import { missingOf, type PlannedGap, planGaps } from './archive/gaps.ts';

/** What was filled in, and how long the facts took. */
export interface FilledArchive {
  readonly archive: PlannedArchive;
  /** The largest first. */
  readonly customers: readonly Customer[];
  readonly gaps: readonly PlannedGap[];
  readonly deliveries: number;
  readonly counts: number;
  readonly seconds: { readonly deliveries: number; readonly counts: number; readonly all: number };
}

interface History {
  readonly drawn: number;
  hour(start: Instant, rows: BinaryRows): Generator<Buffer>;
}

/**
 * Fills an empty, migrated database with made-up history: facts straight into their tables, hour by hour as if they
 * had been read live, and all that the program would know of them. The same options give the same archive, but for
 * what depends on the clock of the database. Rollups are not touched: every hour that was filled is as yet unknown to
 * them.
 *
 * @param onProgress told when a month of a table is done
 */
export async function fillArchive(
  databaseUrl: string,
  options: Partial<ArchiveOptions> = {},
  onProgress: (table: PartitionedTable, month: string, rows: number) => void = () => undefined,
): Promise<FilledArchive> {
  const began = Date.now();
  const archive = planArchive(options);
  const customers = createCustomers(archive.seed, archive.organizations);
  const gaps = planGaps(archive);
  const database = openDatabase(databaseUrl, createLog({ level: 'silent', format: 'json', secrets: [] }), 2);
  try {
    await fillDimensions(database, archive, customers, gaps);
    await fillLedger(database, archive, customers, gaps);
    await extendCalendars(database, archive.now);
    const fill = (table: PartitionedTable, columns: string, histories: readonly History[]) =>
      fillTable({ database, databaseUrl, archive, table, columns, histories, onProgress });
    const totals = deliveriesOf(archive, customers);
    const eagerness = eagernessFor(archive, customers);
    const [deliveries, counts] = await Promise.all([
      fill(
        'webhook_deliveries',
        DELIVERY_COLUMNS,
        customers.map((customer, index) => {
          const missing = missingOf(gaps, index, 'webhook_logs');
          return new DeliveryHistory(archive, customer, missing, totals[index] ?? 0);
        }),
      ),
      fill(
        'api_response_counts',
        COUNT_COLUMNS,
        customers.map((customer, index) => {
          const missing = missingOf(gaps, index, 'api_responses');
          return new CountHistory(archive, customer, missing, eagerness);
        }),
      ),
    ]);
    const all = (Date.now() - began) / 1_000;
    const seconds = { deliveries: deliveries.seconds, counts: counts.seconds, all };
    return { archive, customers, gaps, deliveries: deliveries.rows, counts: counts.rows, seconds };
  } finally {
    await database.close();
  }
}

/** Shares out the deliveries, so that the sum is exact. */
function deliveriesOf({ deliveries }: PlannedArchive, customers: readonly Customer[]): readonly number[] {
  let upTo = 0;
  let given = 0;
  return customers.map(({ share }) => {
    upTo += share;
    const own = Math.round(deliveries * upTo) - given;
    given += own;
    return own;
  });
}

interface Filling {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly archive: PlannedArchive;
  readonly table: PartitionedTable;
  readonly columns: string;
  readonly histories: readonly History[];
  readonly onProgress: (table: PartitionedTable, month: string, rows: number) => void;
}

/** Copies a table's rows, month by month on one connection. */
async function fillTable(filling: Filling): Promise<{ readonly rows: number; readonly seconds: number }> {
  const { database, databaseUrl, archive, table, columns, histories, onProgress } = filling;
  const began = Date.now();
  await new Partitions(database).ensure(table, { from: archive.from, to: archive.now });
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('set synchronous_commit = off');
    const drawn = () => histories.reduce((sum, history) => sum + history.drawn, 0);
    for (let from = archive.from; from < archive.now; ) {
      const to = Math.min(archive.now, nextMonth(from));
      const before = drawn();
      await copyIn(
        client,
        `copy meraki_store.${table} (${columns}) from stdin with (format binary)`,
        hoursOf(histories, from, to),
      );
      onProgress(table, monthOf(from), drawn() - before);
      from = to;
    }
    return { rows: drawn(), seconds: (Date.now() - began) / 1_000 };
  } finally {
    await client.end();
  }
}

/** Hour by hour, and in each the organizations one after the other: rows lie as the live lane would lay them. */
function* hoursOf(histories: readonly History[], from: Instant, to: Instant): Generator<Buffer> {
  const rows = new BinaryRows();
  for (let hour = from; hour < to; hour += HOUR) {
    for (const history of histories) yield* history.hour(hour, rows);
  }
  rows.finish();
  yield rows.take();
}

function nextMonth(instant: Instant): Instant {
  const date = new Date(instant / MICROSECONDS_PER_MILLISECOND);
  return instantOfMilliseconds(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
}

function monthOf(instant: Instant): string {
  return new Date(instant / MICROSECONDS_PER_MILLISECOND).toISOString().slice(0, 7);
}
