import { expect } from 'vitest';
import { ranked } from '../cookbook/figures.ts';
import {
  type Delivery,
  HOUR,
  hostOf,
  type Moment,
  type Stretch,
  succeeded,
  utc,
} from '../known-archive/facts.ts';
import type { Known } from '../known-archive/known.ts';

type Rows = readonly Record<string, unknown>[];

/** What a statement of the pages on BI tools asks for. */
export interface BiStatement {
  /** The table behind the view, or what the names of its partitions begin with. */
  readonly reads: string;
  readonly stretch: (known: Known) => Stretch;
  readonly answer: (rows: Rows, known: Known) => void;
}

const NOVEMBER = { from: utc('2025-11-01'), to: utc('2025-12-01') };
const november = () => NOVEMBER;

/** Deliveries of the days of all organizations that begin in a stretch. */
function ofDays(known: Known, stretch: Stretch): Delivery[] {
  return known.facts.organizations.flatMap(({ id }) => known.deliveries(known.days(stretch, id), id));
}

function sumOf(rows: Rows, column: string): number {
  return rows.reduce((sum, row) => sum + Number(row[column] ?? 0), 0);
}

/** The 240 full hours before this one. */
function tenDaysBefore(now: Moment): Stretch {
  const to = Math.floor(now / HOUR) * HOUR;
  return { from: to - 240 * HOUR, to };
}

export const BI_STATEMENTS: Readonly<Record<string, BiStatement>> = {
  'power-bi-and-excel.md: Incremental refresh, 1': {
    reads: 'webhook_endpoint_days',
    stretch: november,
    answer: (rows, known) => {
      const own = ofDays(known, NOVEMBER);
      expect(sumOf(rows, 'deliveries')).toBe(own.length);
      expect(sumOf(rows, 'successes')).toBe(own.filter(succeeded).length);
    },
  },
  'power-bi-and-excel.md: Incremental refresh, 2': {
    reads: 'webhook_endpoint_hours',
    stretch: november,
    answer: (rows, known) => expect(sumOf(rows, 'deliveries')).toBe(known.deliveries(NOVEMBER).length),
  },
  'power-bi-and-excel.md: Incremental refresh, 3': {
    reads: 'webhook_endpoint_days',
    stretch: () => ({ from: utc('2025-11-20'), to: utc('2025-11-21') }),
    answer: (rows, known) => expect(rows).toEqual([{ a0: new Date(known.facts.now).toISOString() }]),
  },
  'power-bi-and-excel.md: Measures, 1': {
    reads: 'webhook_endpoint_days',
    stretch: november,
    answer: (rows, known) => {
      const exact = ranked(
        ofDays(known, NOVEMBER).map((d) => d.durationMs),
        0.95,
      );
      expect(Math.abs(Number(rows[0]?.['p95_ms']) / exact - 1)).toBeLessThan(0.045);
    },
  },
  'bi-tools.md: Metabase, 1': {
    reads: 'webhook_endpoint_days',
    stretch: () => ({ from: utc('2025-09-30T22:00:00'), to: utc('2025-12-31T23:00:00') }),
    answer: (rows, known) => {
      const own = ofDays(known, { from: utc('2025-09-30T22:00:00'), to: utc('2025-12-31T23:00:00') });
      const month = (d: Delivery) => known.date(d.sentAt, d.organizationId).slice(0, 7);
      expect(rows).toEqual(
        ['2025-10', '2025-11', '2025-12'].map((name) => ({
          date: `${name}-01`,
          sum: own.filter((d) => month(d) === name).length,
        })),
      );
    },
  },
  'bi-tools.md: Metabase, 2': {
    reads: 'webhook_endpoint_hours',
    stretch: ({ facts }) => tenDaysBefore(facts.now),
    answer: (rows, known) => {
      // An hour may have begun between the filling and the asking.
      const sums = [known.facts.now, Date.now()].map((now) => known.deliveries(tenDaysBefore(now)).length);
      expect(sums).toContain(sumOf(rows, 'sum'));
    },
  },
  'bi-tools.md: Superset, 1': {
    reads: 'webhook_endpoint_hours',
    stretch: november,
    answer: (rows, known) => {
      const own = known.deliveries(NOVEMBER);
      const ofFirst = own.filter((d) => new Date(d.sentAt).toISOString() < '2025-11-02');
      expect(rows.find((row) => row['bucket_start'] === '2025-11-01T00:00:00.000Z')).toEqual({
        bucket_start: '2025-11-01T00:00:00.000Z',
        'SUM(deliveries)': ofFirst.length,
      });
      expect(sumOf(rows, 'SUM(deliveries)')).toBe(own.length);
    },
  },
  'bi-tools.md: Superset, 2': {
    reads: 'webhook_endpoint_days',
    stretch: november,
    answer: (rows, known) => {
      const own = ofDays(known, NOVEMBER).filter(
        (d) => known.date(d.sentAt, d.organizationId) === '2025-11-11',
      );
      const failed = own.filter((d) => !succeeded(d));
      const found = rows.find((row) => row['date'] === '2025-11-11');
      expect(Number(found?.['failure_ratio'])).toBeCloseTo(failed.length / own.length, 9);
    },
  },
  'bi-tools.md: Tableau, 1': {
    reads: 'webhook_endpoint_days',
    stretch: november,
    answer: (rows, known) => {
      const own = ofDays(known, NOVEMBER);
      for (const host of new Set(own.map((d) => hostOf(d.url)))) {
        const found = rows.filter((row) => row['url_host'] === host);
        expect(sumOf(found, 'sum:deliveries:ok')).toBe(own.filter((d) => hostOf(d.url) === host).length);
      }
    },
  },
};
