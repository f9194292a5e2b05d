import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import { makeRecentDays, setTimeZones, spellTimeZones } from '../db/report-time-zones.ts';
import { writeSetting } from '../db/settings.ts';
import { ConfigurationError } from '../errors.ts';
import type { Instant } from '../instant.ts';
import type { Log } from '../log.ts';
import { ownSeries } from '../meraki/own-series.ts';
import { namesOf, type ReportTimeZones, timeZoneOf } from '../report-time-zones.ts';

/**
 * Writes down what report views have to know of the configuration, and gives the organizations their time zones.
 *
 * @returns the time zone of an organization, also of one that is not stored yet
 * @throws {ConfigurationError} for time zones that the database does not know
 */
export async function applyReportSettings(
  database: Database,
  { webhookUrls, reports, apiResponses }: Config,
  log: Log,
  now: Instant,
): Promise<(organizationId: string) => string> {
  const { query } = database;
  const zones = await knownTimeZones(database, reports.timeZones);
  await writeSetting(query, 'webhook_urls', webhookUrls);
  await writeSetting(query, 'api_objective', String(reports.apiObjective));
  await writeSetting(query, 'own_series', JSON.stringify(ownSeries(apiResponses.series)));
  for (const name of namesOf(zones)) await makeRecentDays(query, name, now);
  const zoneOf = (organizationId: string) => timeZoneOf(zones, organizationId);
  for (const { organizationId, before, timeZone } of await setTimeZones(database, zoneOf, now)) {
    log.info(
      { organizationId, before, timeZone },
      'reports count days in another time zone now; its days are made anew',
    );
  }
  return zoneOf;
}

async function knownTimeZones(database: Database, zones: ReportTimeZones): Promise<ReportTimeZones> {
  const names = namesOf(zones);
  const spelled = await spellTimeZones(database.query, names);
  const unknown = names.filter((name) => !spelled.has(name));
  if (unknown.length > 0) {
    throw new ConfigurationError(
      `REPORT_TIME_ZONE names what the database does not know as a time zone: ${unknown.join(', ')}. The view pg_timezone_names lists those it knows.`,
      { faults: unknown.length },
    );
  }
  const spelling = (name: string) => spelled.get(name) ?? name;
  return {
    otherwise: spelling(zones.otherwise),
    byOrganization: new Map([...zones.byOrganization].map(([id, name]) => [id, spelling(name)])),
  };
}
