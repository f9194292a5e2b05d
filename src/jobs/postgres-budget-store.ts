import type pg from 'pg';
import type { BudgetStore } from './budget-store.ts';

const READ = {
  name: 'read-request-budgets',
  text: `
    select b.state, floor(extract(epoch from clock_timestamp()) * 1000)::float8 as now
    from unnest($1::text[]) with ordinality as w (key, place)
    left join meraki_ingest.request_budgets b using (key)
    order by w.place`,
};

const MAKE = {
  name: 'make-request-budgets',
  text: `
    insert into meraki_ingest.request_budgets (key, state)
    select key, '' from unnest($1::text[]) as w (key) order by key
    on conflict (key) do nothing`,
};

/** Rows are locked in the order of their keys, so that no two workers wait for one another. */
const EXCHANGE = {
  name: 'exchange-request-budgets',
  text: `
    with wanted as (
      select * from unnest($1::text[], $2::text[], $3::text[]) as w (key, before, after)
    ), locked as materialized (
      select key, state from meraki_ingest.request_budgets where key = any($1::text[]) order by key for update
    ), agreed as materialized (
      select count(*) = cardinality($1::text[]) as all_are
      from wanted join locked on locked.key = wanted.key and locked.state = wanted.before
    )
    update meraki_ingest.request_budgets b set state = wanted.after
    from wanted, agreed
    where b.key = wanted.key and agreed.all_are`,
};

/** @param now in place of the clock of Postgres, for tests */
export function postgresBudgetStore(pool: pg.Pool, now?: () => number): BudgetStore {
  return {
    async read(keys) {
      const { rows } = await pool.query<{ state: string | null; now: number }>({ ...READ, values: [keys] });
      return { now: now?.() ?? rows[0]?.now ?? 0, kept: rows.map(({ state }) => state ?? '') };
    },
    async exchange(changes) {
      const keys = changes.map(({ key }) => key);
      if (changes.some(({ before }) => before === '')) await pool.query({ ...MAKE, values: [keys] });
      const texts = [changes.map(({ before }) => before), changes.map(({ after }) => after)];
      const { rowCount } = await pool.query({ ...EXCHANGE, values: [keys, ...texts] });
      return rowCount === changes.length;
    },
  };
}
