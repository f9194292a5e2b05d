import pg from 'pg';
import {
  organizationOf,
  type Question,
  RANGES,
  type RangeName,
  SCOPES,
  type Scope,
  type Subject,
} from './question.ts';
import { isGivenUp } from './time-query.ts';

interface View {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Columns by which a view is asked for a stretch of time, the first that it has. */
const TIMES = ['bucket_start', 'sent_at', 'month_start', 'started_at', 'audited_at', 'hour_start'];
/** What dashboards group by where a row for each is too much. */
const GROUPS = ['endpoint_id', 'series', 'organization_id'];
const FIGURES = ['deliveries', 'successes', 'failures', 'requests', 'request_count', 'rate_limited_429'];
/** More rows than this are not fetched by anybody who looks at them. */
const FETCHED = 200_000;

/** All views that readers may rely on. */
export async function readViews(client: pg.Client): Promise<readonly View[]> {
  const found = await client.query<View>(`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'meraki'::regnamespace and c.relkind = 'v'
    group by c.relname order by c.relname`);
  return found.rows;
}

/**
 * Every question about a view: for a day, a month, a year, for the largest organization, one of
 * average size, and all. Where so many rows would
 * come that nobody fetches them, their sums are asked for instead, and the newest thousand.
 */
export async function viewQuestions(
  client: pg.Client,
  view: View,
  subject: Subject,
): Promise<readonly Question[]> {
  const time = TIMES.find((name) => view.columns.includes(name));
  const scopes = view.columns.includes('organization_id') ? SCOPES : (['all organizations'] as const);
  const ranges: readonly RangeName[] = time === undefined ? ['whole'] : RANGES.map(({ name }) => name);
  const questions: Question[] = [];
  for (const scope of scopes) {
    for (const range of ranges)
      questions.push(...(await questionsOf(client, view, time, scope, range, subject)));
  }
  return questions;
}

async function questionsOf(
  client: pg.Client,
  { name, columns }: View,
  time: string | undefined,
  scope: Scope,
  range: RangeName,
  subject: Subject,
): Promise<readonly Question[]> {
  const source = `from meraki.${name}${conditionOf(time, scope, range, subject)}`;
  const ask = (fetches: Question['fetches'], sql: string): Question => {
    return { name, from: 'view', fetches, scope, range, sql };
  };
  if (!(await hasMany(client, source))) return [ask('all rows', `select * ${source}`)];
  const group = GROUPS.find((column) => columns.includes(column));
  const sums = [
    'count(*)',
    ...FIGURES.filter((figure) => columns.includes(figure)).map((figure) => `sum(${figure})`),
  ];
  const grouped = group === undefined ? '' : ` group by ${group}`;
  return [
    ask(
      'sums',
      `select ${[...(group === undefined ? [] : [group]), ...sums].join(', ')} ${source}${grouped}`,
    ),
    ask('newest 1000', `select * ${source}${time === undefined ? '' : ` order by ${time} desc`} limit 1000`),
  ];
}

function conditionOf(time: string | undefined, scope: Scope, range: RangeName, subject: Subject): string {
  const conditions = [
    ...(scope === 'all organizations'
      ? []
      : [`organization_id = ${pg.escapeLiteral(organizationOf(scope, subject))}`]),
    ...(time === undefined || range === 'whole'
      ? []
      : [`${time} >= '${subject.fromOf[range]}'`, `${time} < '${subject.to}'`]),
  ];
  return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
}

/** What takes too long to be counted takes too long to be fetched as well. */
async function hasMany(client: pg.Client, source: string): Promise<boolean> {
  try {
    const found = await client.query<{ many: boolean }>(
      `select count(*) > ${FETCHED} as many from (select 1 ${source} limit ${FETCHED + 1}) rows`,
    );
    return found.rows[0]?.many === true;
  } catch (error) {
    if (isGivenUp(error)) return true;
    throw error;
  }
}
