/*
 * What an archive was filled from, and by which filters each of its series is counted, must stay as it is: nobody could
 * tell apart later what came from where, or which requests a figure counts.
 */
import type { Config } from '../config.ts';
import type { Database, Queryable } from '../db/database.ts';
import { readSetting, writeSetting } from '../db/settings.ts';
import { readSeriesNames } from '../db/streams.ts';
import { ConfigurationError } from '../errors.ts';
import { MERAKI_DOMAINS } from '../meraki/trusted-hosts.ts';
import type { SeriesDefinition } from '../series-file.ts';

/** Names the dashboard that is archived. */
export function sourceOf({ meraki }: Config): string {
  const host = new URL(meraki.baseUrl).hostname;
  return MERAKI_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`)) ? 'meraki' : host;
}

/** @throws {ConfigurationError} when the database holds an archive of another dashboard, or a series by other filters */
export async function refuseOtherContents(
  { query }: Pick<Database, 'query'>,
  source: string,
  series: readonly SeriesDefinition[],
): Promise<void> {
  const before = await readSetting(query, 'source');
  if (before !== undefined && before !== source) {
    throw new ConfigurationError(
      `This database holds an archive of "${before}", and now "${source}" is to be archived. Use another DATABASE_URL or DATA_DIR for it.`,
      { before, source },
    );
  }
  const counted = await filtersSoFar(query);
  const changed = series.filter(({ name, ...filters }) => {
    const known = counted.get(name);
    return known !== undefined && known !== spelled(filters);
  });
  if (changed.length === 0) return;
  const read = await readSeriesNames(query);
  const others = changed.map(({ name }) => name).filter((name) => read.has(name));
  if (others.length === 0) return;
  throw new ConfigurationError(
    `SERIES_FILE gives other filters than before to what this archive has counted already: ${others.join(', ')}. Give the new filters a new name, so that no figure mixes both; a series that is left out ends, and keeps its figures.`,
    { series: others.join(', ') },
  );
}

/** Remembers by which filters the series are counted, also those that are not configured any more. */
export async function rememberFilters(
  { query }: Pick<Database, 'query'>,
  series: readonly SeriesDefinition[],
): Promise<void> {
  const filters = await filtersSoFar(query);
  for (const { name, ...own } of series) filters.set(name, spelled(own));
  if (filters.size > 0) await writeSetting(query, 'series_filters', JSON.stringify([...filters]));
}

async function filtersSoFar(query: Queryable): Promise<Map<string, string>> {
  return new Map(JSON.parse((await readSetting(query, 'series_filters')) ?? '[]'));
}

/** The same for the same filters, in whatever order they were written. */
function spelled({ version, operationIds, sourceIps, adminIds, userAgent }: Omit<SeriesDefinition, 'name'>) {
  const lists = [operationIds, sourceIps, adminIds].map((list) =>
    list === undefined ? null : [...new Set(list)].sort(),
  );
  return JSON.stringify([version ?? null, ...lists, userAgent ?? null]);
}
