import pg from 'pg';
import { recipeQuestions, recipesOf } from './cookbook-questions.ts';
import { floorOf } from './floors.ts';
import type { Question, Subject } from './question.ts';
import { readSubject, type Shares } from './read-subject.ts';
import { type Timing, timeQuery } from './time-query.ts';
import { type Touched, touchedPartitions } from './touched-partitions.ts';
import { readViews, viewQuestions } from './view-questions.ts';

export interface Measurement extends Omit<Question, 'sql'>, Timing {
  readonly touched: Touched | null;
  readonly floor: number | null;
  readonly kept: boolean | null;
}

export interface MeasureOptions {
  /** How often each query is run when it is warm. */
  readonly runs: number;
  /** The cookbook's text; `undefined` where there is none. */
  readonly cookbook: string | undefined;
  /** Part of the names of what is to be measured; empty: all. */
  readonly only: string;
  readonly onMeasured: (measurement: Measurement) => void;
}

/** Twice what readers have by default. */
const TIMEOUT = '120s';

/** Asks every view and every recipe of the cookbook, as the role that readers log in as. */
export async function measureArchive(
  databaseUrl: string,
  { runs, cookbook, only, onMeasured }: MeasureOptions,
): Promise<{
  readonly subject: Subject & { readonly shares: Shares };
  readonly measurements: readonly Measurement[];
}> {
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c timezone=UTC' });
  await client.connect();
  try {
    const subject = await readSubject(client);
    await becomeReader(client);
    const measurements: Measurement[] = [];
    const measure = async (question: Question): Promise<void> => {
      const measurement = await measureOne(client, question, runs);
      measurements.push(measurement);
      onMeasured(measurement);
    };
    for (const view of await readViews(client)) {
      if (!view.name.includes(only)) continue;
      for (const question of await viewQuestions(client, view, subject)) await measure(question);
    }
    for (const recipe of recipesOf(cookbook ?? '')) {
      if (!recipe.heading.includes(only)) continue;
      for (const question of recipeQuestions(recipe, subject)) await measure(question);
    }
    return { subject, measurements };
  } finally {
    await client.end();
  }
}

/** What a login as that role would get: its rights and the settings that it has in this database. */
async function becomeReader(client: pg.Client): Promise<void> {
  await client.query(`
    select set_config(split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1), false)
    from pg_db_role_setting, unnest(setconfig) as setting
    where setrole = 'meraki_reader'::regrole
      and setdatabase = (select oid from pg_database where datname = current_database())`);
  await client.query(`set role meraki_reader; set statement_timeout = '${TIMEOUT}'`);
}

async function measureOne(client: pg.Client, question: Question, runs: number): Promise<Measurement> {
  const { sql, ...asked } = question;
  const timing = await timeQuery(client, sql, runs);
  const touched = timing.p50 === null ? null : await touchedPartitions(client, sql);
  const floor = floorOf(question) ?? null;
  const kept = floor === null ? null : timing.p50 !== null && timing.p50 < floor;
  return { ...asked, ...timing, touched, floor, kept };
}
