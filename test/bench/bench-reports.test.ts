import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { type FilledArchive, fillArchive } from '../../bench/reports/fill-archive.ts';
import { recipeQuestions, recipesOf } from '../../bench/reports/measure/cookbook-questions.ts';
import { type Measurement, measureArchive } from '../../bench/reports/measure/measure-archive.ts';
import { readSubject } from '../../bench/reports/measure/read-subject.ts';
import { archiveMarkdown, comparisonMarkdown } from '../../bench/reports/results/markdown.ts';
import { rollUpArchive } from '../../bench/reports/roll-up-archive.ts';
import { readTableSizes } from '../../bench/reports/table-sizes.ts';
import { vacuumArchive } from '../../bench/reports/vacuum-archive.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const SMALL = { deliveries: 20_000, organizations: 3, days: 40, runDays: 2 };
const COOKBOOK = `# Cookbook
## Which receiver failed most
\`\`\`sql
select endpoint_id, sum(deliveries - successes) as failures
from meraki.webhook_deliveries_daily
where organization_id = :'organization' and bucket_start >= :'from' and bucket_start < :'to'
group by 1 order by 2 desc limit 1;
\`\`\`
`;
/** Views that an archive without troubles leaves empty, in some ranges or altogether. */
const MAY_BE_EMPTY =
  /^(webhook_(incidents|receiver_alerts|failure_reasons_daily)|api_busiest_hours|.*heat_map|.*_monthly)$/;

let owned: TestDatabase;
let filled: FilledArchive;

beforeAll(async () => {
  owned = await createTestDatabase();
  filled = await fillArchive(owned.url, SMALL);
}, 120_000);

async function one<Row extends object>(query: string): Promise<Row | undefined> {
  return (await owned.database.pool.query<Row>(query)).rows[0];
}

describe('the archive', () => {
  test('holds exactly as many deliveries as it should, each with its dimensions, none in a gap', async () => {
    expect(
      await one(`
        select count(*)::integer as deliveries, count(network_id)::integer as networks,
          count(alert_type)::integer as "alertTypes", count(url)::integer as urls
        from meraki.webhook_deliveries`),
    ).toEqual({ deliveries: 20_000, networks: 20_000, alertTypes: 20_000, urls: 20_000 });
    expect(
      await one(`
        select count(*)::integer as stray from meraki_store.webhook_deliveries d
        join meraki_ingest.coverage c on c.organization_id = d.organization_id and c.stream = 'webhook_logs'
        where not (c.final + c.provisional) @> d.sent_at`),
    ).toEqual({ stray: 0 });
    expect(await one(`select count(*)::integer as gaps from meraki.gaps where state = 'lost'`)).not.toEqual({
      gaps: 0,
    });
  });

  test('holds about as many counts as it should, all of them counting', async () => {
    const { counted } = (await one<{ counted: number }>(
      'select count(*)::integer as counted from meraki.api_responses',
    )) ?? { counted: 0 };
    expect(counted).toBe(filled.counts);
    expect(Math.abs(counted / 35_000 - 1)).toBeLessThan(0.1);
  });

  test('is the same for the same options, and another for another seed', async () => {
    const sums = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const { url, database } = await createTestDatabase();
        const now = Date.UTC(2026, 0, 31, 12, 34) * 1_000;
        await fillArchive(url, { deliveries: 500, organizations: 2, days: 33, seed, now });
        const sum = await database.pool.query<{ sum: string }>(`
          select sum(hashtextextended(d::text, 0)) || ' ' || (
            select sum(hashtextextended(c::text, 0)) from meraki_store.api_response_counts c) as sum
          from meraki_store.webhook_deliveries d`);
        return sum.rows[0]?.sum;
      }),
    );
    expect(sums[1]).toBe(sums[0]);
    expect(sums[2]).not.toBe(sums[0]);
  });
});

test('every view and every recipe is measured, and those that must have rows have them', async () => {
  await vacuumArchive(owned.url);
  await rollUpArchive(owned.url, filled.archive, filled.customers);
  const told: Measurement[] = [];
  const { subject, measurements } = await measureArchive(owned.url, {
    runs: 1,
    only: '',
    cookbook: COOKBOOK,
    onMeasured: (measurement) => told.push(measurement),
  });
  expect(told).toEqual(measurements);
  expect(subject.largest).toBe(filled.customers[0]?.id);
  const empty = measurements.filter(
    ({ name, rows, range }) =>
      rows === 0 && (range === 'year' || range === 'whole') && !MAY_BE_EMPTY.test(name),
  );
  expect(empty.map(({ name, scope, range }) => `${name} of ${scope}, ${range}`)).toEqual([]);

  const views = await owned.database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'meraki'::regnamespace and relkind = 'v'`,
  );
  const measured = new Set(measurements.map(({ name }) => name));
  expect(views.rows.filter(({ name }) => !measured.has(name))).toEqual([]);
  const [day, ...longer] = measurements
    .filter(({ name }) => name === 'Which receiver failed most')
    .map(({ rows }) => rows);
  // On a single day of so small an archive none may have failed.
  expect([0, 1]).toContain(day);
  expect(longer).toEqual([1, 1]);
  const results = {
    machine: '',
    contents: '',
    steps: [],
    sizes: await readTableSizes(owned.url),
    measurements,
  };
  expect(archiveMarkdown(results)).toContain('| webhook_deliveries_daily | all rows | largest | year |');
  expect(comparisonMarkdown(results, results)).toContain('| 1.0 |');
}, 300_000);

test('a day of raw deliveries reads the month it lies in and no other', async () => {
  const { measurements } = await measureArchive(owned.url, {
    runs: 1,
    only: 'webhook_deliveries',
    cookbook: undefined,
    onMeasured: () => undefined,
  });
  const raw = measurements.filter(({ name, range }) => name === 'webhook_deliveries' && range === 'day');
  const months = new Date(Date.now() - 86_400_000).getUTCMonth() === new Date().getUTCMonth() ? 1 : 2;
  expect(raw.map(({ touched }) => touched?.facts)).toEqual([months, months, months]);
}, 120_000);

test('all that the cookbook asks can be asked', async () => {
  const client = new pg.Client({ connectionString: owned.url });
  await client.connect();
  const recipes = recipesOf(await readFile('docs/cookbook.md', 'utf8'));
  try {
    const subject = await readSubject(client);
    expect(recipes.length).toBeGreaterThanOrEqual(30);
    for (const recipe of recipes) {
      for (const { sql } of recipeQuestions(recipe, subject)) await client.query(`explain ${sql}`);
    }
  } finally {
    await client.end();
  }
});

test('a parameter of the cookbook that nobody knows is an error, and a heading is told from its second query', () => {
  const recipes = recipesOf("## A\n```sql\nselect 1\n```\n```sql\nselect :'planet'\n```\n");
  expect(recipes.map(({ heading }) => heading)).toEqual(['A', 'A (2)']);
  const subject = {
    largest: '1',
    average: '2',
    to: '',
    fromOf: { day: '', month: '', year: '' },
    parameters: {},
  };
  expect(recipeQuestions(recipes[0] ?? { heading: '', sql: '' }, subject).map(({ range }) => range)).toEqual([
    'whole',
  ]);
  expect(() => recipeQuestions(recipes[1] ?? { heading: '', sql: '' }, subject)).toThrow('planet');
});
