import { sql } from 'drizzle-orm';
import type { Transaction } from './database.ts';

/** Makes all that a transaction reads be of one moment. To be its first statement; it cannot write. */
export async function sameMoment(tx: Transaction): Promise<void> {
  await tx.execute(sql`set transaction isolation level repeatable read, read only`);
}
