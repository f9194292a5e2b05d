import pg from 'pg';
import type { TestDatabase } from '../support/test-database.ts';

const { builtins } = pg.types;
const asNumber = new Set<number>([builtins.INT8, builtins.NUMERIC]);

/** Logs in as meraki_reader, or becomes it. Figures come as numbers, times as ISO 8601, dates as they are written. */
export async function connectReader(owned: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: owned.readerUrl ?? owned.url,
    types: {
      getTypeParser: (oid: number, format) => {
        if (asNumber.has(oid)) return Number;
        if (oid === builtins.TIMESTAMPTZ) return (text: string) => new Date(text).toISOString();
        if (oid === builtins.DATE) return (text: string) => text;
        return pg.types.getTypeParser(oid, format);
      },
    },
  });
  await client.connect();
  if (owned.readerUrl === undefined) {
    await client.query(`set session authorization meraki_reader`);
    await client.query(`set time zone 'UTC'`);
  }
  // A copy of a database does not bring its roles' settings along.
  await client.query('set search_path = meraki_operators, pg_catalog, meraki, public');
  return client;
}
