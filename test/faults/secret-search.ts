import { readFile } from 'node:fs/promises';
import type { Redis } from 'ioredis';
import type pg from 'pg';

/** Tables of any schema but Postgres's own, the queue's too, that hold one of the secrets in any column. */
export async function tablesWithSecrets(
  client: pg.Client,
  secrets: readonly string[],
): Promise<readonly string[]> {
  const tables = await client.query<{ name: string }>(
    `select format('%I.%I', nspname, relname) as name from pg_class c join pg_namespace n on n.oid = relnamespace
     where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema') and nspname not like 'pg_toast%'`,
  );
  const patterns = secrets.map((secret) => `%${secret.replace(/[\\%_]/g, '\\$&')}%`);
  const found: string[] = [];
  for (const { name } of tables.rows) {
    const answer = await client.query(`select from ${name} as t where t::text like any ($1) limit 1`, [
      patterns,
    ]);
    if (answer.rowCount !== 0) found.push(`the table ${name} holds a secret`);
  }
  return found;
}

/** Keys of Redis that are, or hold, one of the secrets. */
export async function redisKeysWithSecrets(
  redis: Redis,
  secrets: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor);
    cursor = next;
    for (const key of keys) {
      const text = `${key} ${JSON.stringify(await contentsOf(redis, key))}`;
      if (secrets.some((secret) => text.includes(secret)))
        found.push(`the key ${key} of Redis holds a secret`);
    }
  } while (cursor !== '0');
  return found;
}

async function contentsOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  if (type === 'string') return await redis.get(key);
  if (type === 'hash') return await redis.hgetall(key);
  if (type === 'list') return await redis.lrange(key, 0, -1);
  if (type === 'set') return await redis.smembers(key);
  if (type === 'zset') return await redis.zrange(key, '0', '-1');
  if (type === 'stream') return await redis.xrange(key, '-', '+');
  if (type === 'none') return null;
  throw new Error(`a type of Redis that is not looked into: ${type}`);
}

/** Files that hold one of the secrets. */
export async function filesWithSecrets(
  files: readonly string[],
  secrets: readonly string[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    if (secrets.some((secret) => text.includes(secret))) found.push(`the file ${file} holds a secret`);
  }
  return found;
}
