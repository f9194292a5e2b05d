import { type Database, openDatabase } from '../../../src/db/database.ts';
import { DatabaseBusyError } from '../../../src/errors.ts';
import type { Instant } from '../../../src/instant.ts';
import { recordLostTime } from '../../../src/sync/lost-time.ts';
import { testLog } from '../../support/test-log.ts';

/** Records what was lost, as some worker does every few minutes. It stops at no gate, and waits for nobody who does. */
export class LossWatch {
  readonly #database: Database;
  readonly #organizationId: string;

  constructor(databaseUrl: string, organizationId: string) {
    this.#organizationId = organizationId;
    const url = new URL(databaseUrl);
    url.searchParams.set('options', '-c timezone=UTC -c lock_timeout=50ms');
    this.#database = openDatabase(url.href, testLog, 1);
  }

  /** @returns whether nobody was in the way */
  async look(now: Instant): Promise<boolean> {
    try {
      await recordLostTime(this.#database, now, this.#organizationId);
      return true;
    } catch (error) {
      if (error instanceof DatabaseBusyError) return false;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
