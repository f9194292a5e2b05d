import { extendCalendars } from '../db/calendar.ts';
import { rollupSpan } from '../db/compare-rollups.ts';
import { Partitions } from '../db/partitions.ts';
import { markStale } from '../db/rollup-stale.ts';
import { readStreamKeys } from '../db/streams.ts';
import { formatInstant, instantOfMilliseconds } from '../instant.ts';
import { describeStream, type StreamKey, streamLabel } from '../stream-key.ts';
import { checkRollups, type RollupCheck } from '../sync/check-rollups.ts';
import { rollUpBesideOthers } from '../sync/roll-up.ts';
import { chosenOrganizationId } from './chosen-organization.ts';
import type { WorkOptions } from './command-options.ts';
import { withArchive } from './open-archive.ts';
import { formatNumber, type Output, say, sayJson, table } from './output.ts';

export interface RollupOptions extends WorkOptions {
  /** Id or name; `undefined`: all. */
  readonly organization: string | undefined;
}

/** Compares all rollups with what the facts make. @returns 7 when any differ, else 0 */
export async function checkAllRollups(options: RollupOptions): Promise<number> {
  const { signal, output, json } = options;
  return await withArchive(options, async ({ database }) => {
    const checks: (readonly [StreamKey, RollupCheck])[] = [];
    const organizationId = await chosenOrganizationId(database, options.organization);
    for (const key of await readStreamKeys(database.query, organizationId)) {
      signal.throwIfAborted();
      checks.push([key, await checkRollups(database, key)]);
    }
    if (json) sayJson(output, { streams: checks.map(told) });
    else sayChecks(output, checks);
    return checks.some(([, { differences }]) => differences.length > 0) ? 7 : 0;
  });
}

/** Makes all rollups anew; report views are right meanwhile, and slower. */
export async function rebuildRollups(options: RollupOptions): Promise<number> {
  const { clock, signal, output, json } = options;
  return await withArchive(options, async ({ database }) => {
    const partitions = new Partitions(database);
    const now = () => instantOfMilliseconds(clock.now());
    const organizationId = await chosenOrganizationId(database, options.organization);
    const keys = await readStreamKeys(database.query, organizationId);
    await extendCalendars(database, now());
    for (const key of keys) {
      signal.throwIfAborted();
      await database.transaction(async (tx) => {
        const span = await rollupSpan(tx, key);
        if (span !== undefined) await markStale(tx, key, [span], now());
      });
      await rollUpBesideOthers({ database, partitions, signal }, key, now());
    }
    signal.throwIfAborted();
    if (json) sayJson(output, { streams: keys });
    else say(output, `The rollups of ${formatNumber(keys.length)} streams were made anew.`);
    return 0;
  });
}

function told([key, { checked, differences }]: readonly [StreamKey, RollupCheck]) {
  return {
    ...key,
    checked: checked.map(({ from, to }) => ({ from: formatInstant(from), to: formatInstant(to) })),
    differences,
  };
}

function sayChecks(output: Output, checks: readonly (readonly [StreamKey, RollupCheck])[]): void {
  const differing = checks.filter(([, { differences }]) => differences.length > 0);
  if (differing.length === 0) {
    say(output, `The rollups of ${formatNumber(checks.length)} streams are what the facts make.`);
    return;
  }
  say(
    output,
    table(
      ['organization', 'stream', 'rollup', 'rows that differ'],
      differing.flatMap(([key, { differences }]) =>
        differences.map(({ table: name, rows }) => [
          key.organizationId,
          streamLabel(key),
          name,
          formatNumber(rows),
        ]),
      ),
      ['rows that differ'],
    ),
  );
  say(output);
  say(
    output,
    `Reports of ${differing.map(([key]) => describeStream(key)).join(', ')} are wrong. "meraki-historian rollups rebuild" makes them anew from the facts, which are untouched; please report how it came to this.`,
  );
}
