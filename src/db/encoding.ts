import { sql } from 'drizzle-orm';
import { type Queryable, translated } from './database.ts';

/**
 * Why the database cannot hold all that Meraki may send, and what to do about it: an encoding is chosen when a database
 * is made, and all but one lack characters that names may have.
 *
 * @returns `undefined` where it can
 */
export async function encodingObstacle(query: Queryable): Promise<string | undefined> {
  const found = await translated(
    query.execute<{ encoding: string }>(sql`select current_setting('server_encoding') as encoding`),
  );
  const encoding = found.rows[0]?.encoding;
  if (encoding === 'UTF8') return undefined;
  return `The database has the encoding ${encoding}, which cannot hold all names. Make another for the archive: create database NAME encoding 'UTF8' template template0 (with a locale for UTF-8, or C).`;
}
