import { beforeAll, beforeEach } from 'vitest';
import { quarantineRows, type RefusedRow } from '../../src/db/quarantine.ts';
import { formatInstant, instantOfSeconds } from '../../src/instant.ts';
import type { Range } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { buildProgram, type Ended, expectPresentable, startProgram } from './program.ts';
import { runHere } from './run-here.ts';
import { ASKED, NOW } from './stream-reads.ts';
import { emptyTestDatabase, type TestDatabase } from './test-database.ts';

export const HOUR = instantOfSeconds(3_600);
export const SECRET = 'secret-in-the-path';

export let owned: TestDatabase;

/** Builds the program, and gives each test of the file that calls it an archive with three organizations. */
export function setUpQuarantine(): void {
  beforeAll(buildProgram, 120_000);
  beforeEach(async () => {
    owned = await emptyTestDatabase();
    await owned.database.pool.query(
      `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
       values ('1', 'One', now(), now()), ('2', 'Two', now(), now()), ('3', 'Three', now(), now())`,
    );
  });
}

export const logRow = (second: number, more: Readonly<Record<string, unknown>> = {}) =>
  JSON.stringify({
    organizationId: '1',
    networkId: 'N_1',
    alertType: 'a',
    url: `https://x.example/${SECRET}`,
    sentAt: formatInstant(ASKED.from + second * 1_000_000),
    loggedAt: formatInstant(ASKED.from + second * 1_000_000 + 9),
    responseCode: 200,
    responseDuration: 9,
    ...more,
  });
export const bucketAt = (hour: number, count: number) =>
  JSON.stringify({
    startTs: formatInstant(ASKED.from + hour * HOUR),
    endTs: formatInstant(ASKED.from + (hour + 1) * HOUR),
    counts: [{ code: 200, count }],
  });

export const refused = (raw: string, copies = 1, reason = 'refused by an older version'): RefusedRow => ({
  raw,
  reason,
  copies,
  sentAt: null,
});

export async function quarantine(
  key: StreamKey,
  rows: readonly RefusedRow[],
  asked: Range = ASKED,
  now = NOW,
): Promise<void> {
  await owned.database.transaction((tx) => quarantineRows(tx, key, rows, { asked, limit: 1_000_000 }, now));
}

/** In a process of its own. */
export async function start(...commandLine: readonly string[]): Promise<Ended> {
  const ended = await startProgram(['quarantine', ...commandLine], { DATABASE_URL: owned.url }).ended;
  expectPresentable(ended, []);
  return ended;
}

export async function run(...commandLine: readonly string[]): Promise<Ended> {
  const ended = await runHere(['quarantine', ...commandLine], { DATABASE_URL: owned.url });
  expectPresentable(ended, []);
  return ended;
}

interface Replayed {
  readonly stored: number;
  readonly known: number;
  readonly refused: number;
  readonly reasons: readonly { readonly reason: string; readonly rows: number }[];
}

export async function replay(
  ...more: readonly string[]
): Promise<readonly [Replayed | undefined, number | null]> {
  const { stdout, exitCode } = await run('replay', '--json', ...more);
  return [JSON.parse(stdout).streams[0], exitCode];
}

export async function rows(query: string): Promise<unknown[]> {
  return (await owned.database.pool.query(query)).rows;
}

export const deliveries = () =>
  rows(`select sent_at::text as sent_at, occurrence from meraki.webhook_deliveries order by 1, 2`);
export const left = () => rows('select reason, copies::integer as copies from meraki.quarantine order by 1');
