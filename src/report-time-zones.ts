/** The time zones in which reports count days. */
export interface ReportTimeZones {
  /** Of organizations that are not named. */
  readonly otherwise: string;
  readonly byOrganization: ReadonlyMap<string, string>;
}

export const UTC_ALONE: ReportTimeZones = { otherwise: 'UTC', byOrganization: new Map() };

export function timeZoneOf(zones: ReportTimeZones, organizationId: string): string {
  return zones.byOrganization.get(organizationId) ?? zones.otherwise;
}

/** Every zone that is named, once. */
export function namesOf(zones: ReportTimeZones): readonly string[] {
  return [...new Set([zones.otherwise, ...zones.byOrganization.values()])];
}

/**
 * Reads a time zone for all organizations, and pairs `ID=zone` for single ones, separated by spaces or commas.
 *
 * @param fault told what is wrong, once for each part that is
 */
export function readReportTimeZones(text: string, fault: (said: string) => void): ReportTimeZones {
  let otherwise: string | undefined;
  const byOrganization = new Map<string, string>();
  const parts = text.replace(/\s*=\s*/g, '=').split(/[\s,]+/);
  for (const part of parts.filter((one) => one !== '')) {
    const [organizationId, zone, ...more] = part.includes('=') ? part.split('=') : [undefined, part];
    if (organizationId === '' || zone === undefined || zone === '' || more.length > 0) {
      fault(`has "${part}", which is neither a time zone nor a pair such as 549236=America/New_York`);
    } else if (!isTimeZone(zone)) {
      fault(`has "${part}", but "${zone}" is no time zone: names are like Europe/Vienna`);
    } else if (organizationId === undefined) {
      if (otherwise !== undefined) {
        fault(
          `has both ${otherwise} and ${zone} for all organizations: write an id before one, as in 12=${zone}`,
        );
      }
      otherwise = zone;
    } else {
      if (byOrganization.has(organizationId)) fault(`names organization ${organizationId} twice`);
      byOrganization.set(organizationId, zone);
    }
  }
  return { otherwise: otherwise ?? 'UTC', byOrganization };
}

/** Names only: what stands for an offset, such as +05:30 or CEST, knows no daylight saving time. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
