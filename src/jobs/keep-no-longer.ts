/*
 * What goes after its time: figures that views no longer show, and the months that RETENTION names.
 */
import type { Clock } from '../clock.ts';
import { deleteOldAudits } from '../db/audits.ts';
import type { Database } from '../db/database.ts';
import { deleteOldLateness } from '../db/lateness.ts';
import { readOrganizations } from '../db/organizations.ts';
import { dropExpired } from '../db/retention.ts';
import { deleteOldRuns, foldIdleRuns } from '../db/sync-runs.ts';
import { instantOfMilliseconds, instantOfSeconds } from '../instant.ts';
import type { Log } from '../log.ts';
import type { MerakiClient } from '../meraki/client.ts';

const DAY = instantOfSeconds(86_400);
/** Also of audits that found nothing and of lateness: views look back no further. */
const RUNS_KEPT = 90 * DAY;
/** Runs that found nothing are rows of their own for so long: over a weekend. */
const IDLE_RUNS_KEPT = 3 * DAY;
/** Days that were left, should nobody have been there to fold them, are forgotten soon enough as they are. */
const FOLDED_AT_ONCE = 7 * DAY;

/** Forgets old runs, audits and lateness, and makes one row of idle runs that follow one another. */
export async function forgetOldFigures({
  database,
  client,
}: {
  readonly database: Database;
  readonly client: Pick<MerakiClient, 'now'>;
}): Promise<void> {
  const before = client.now() - RUNS_KEPT;
  await deleteOldRuns(database.query, before);
  const until = Math.floor((client.now() - IDLE_RUNS_KEPT) / DAY) * DAY;
  for (const { organizationId } of await readOrganizations(database)) {
    await foldIdleRuns(database.query, organizationId, { from: until - FOLDED_AT_ONCE, to: until });
  }
  await deleteOldAudits(database.query, before);
  await deleteOldLateness(database.query, before);
}

/**
 * Drops the months that are older than RETENTION, and says which; those in use go at the next turn. By Meraki's clock or
 * this machine's, whichever is behind: what is dropped by a wrong one is gone.
 */
export async function dropOldMonths({
  database,
  client,
  clock,
  log,
  retentionSeconds,
}: {
  readonly database: Database;
  readonly client: Pick<MerakiClient, 'now'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** How long rows are kept at least; `undefined`: for ever. */
  readonly retentionSeconds: number | undefined;
}): Promise<void> {
  if (retentionSeconds === undefined) return;
  const now = Math.min(client.now(), instantOfMilliseconds(clock.now()));
  const { dropped, inUse } = await dropExpired(database, now - instantOfSeconds(retentionSeconds), now);
  if (dropped.length > 0) log.info({ dropped }, 'months older than RETENTION were dropped');
  if (inUse.length > 0) {
    log.warn(
      { inUse },
      'months older than RETENTION are in use and stay for now; tried again in ten minutes',
    );
  }
}
