import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { factsCopy, MAKE_FACTS_COPY } from './facts-copy.ts';
import { obviousPages } from './obvious-pages.ts';
import { timed } from './timed.ts';

/** The obvious script: fetches page after page and inserts each through drizzle's builder. */
export async function main([url = '', baseUrl = '', from, until, most]: readonly string[]): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    await pool.query(MAKE_FACTS_COPY);
    const db = drizzle(pool);
    await timed(async () => {
      let rows = 0;
      for await (const page of obviousPages(baseUrl, Number(from), Number(until))) {
        await db
          .insert(factsCopy)
          .values([...page])
          .onConflictDoNothing();
        rows += page.length;
        if (rows >= Number(most)) break;
      }
      return rows;
    });
  } finally {
    await pool.end();
  }
  return 0;
}
