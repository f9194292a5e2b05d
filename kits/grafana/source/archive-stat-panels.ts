import { thresholds } from './panel.ts';
import { OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';
import { statPanel } from './stat-panel.ts';

const AS_OF_NOW = 'As of now, whatever the time range.';

export const streamsBehind = statPanel({
  title: 'Streams behind',
  description: `Streams of organizations that can be read, that are more than an hour behind. ${AS_OF_NOW}`,
  unit: 'short',
  thresholds: thresholds('green', [1, 'red']),
  sql: sql`
    select count(*) filter (where coalesce(lag_seconds, 'infinity') > 3600) as "Behind"
    from meraki.freshness
    where ${OF_ORGANIZATIONS} and organization_state = 'active' and retired_at is null`,
});

export const gapTime = statPanel({
  title: 'Missing, to be had',
  description: `Time that is wanted and not covered, and that Meraki still has; all streams added up. ${AS_OF_NOW}`,
  unit: 's',
  decimals: 1,
  thresholds: thresholds('green', [1, 'orange'], [86400, 'red']),
  sql: sql`
    select coalesce(sum(extract(epoch from gap_to - gap_from)), 0)::double precision as "Missing"
    from meraki.gaps
    where ${OF_ORGANIZATIONS} and state = 'pending'`,
});

export const nextDeadline = statPanel({
  title: 'Until some of it is lost',
  description: `Time left until the first moment of what is missing ages out at Meraki. Empty: nothing is missing. ${AS_OF_NOW}`,
  unit: 's',
  decimals: 1,
  thresholds: thresholds('red', [86400, 'orange'], [604800, 'green']),
  sql: sql`
    select min(seconds_left) as "Left"
    from meraki.gaps
    where ${OF_ORGANIZATIONS} and state = 'pending'`,
});

export const lost = statPanel({
  title: 'Lost for ever',
  description: `Time that aged out at Meraki before it was read, in all the years of the archive and all streams added up. ${AS_OF_NOW}`,
  unit: 's',
  decimals: 1,
  thresholds: thresholds('green', [1, 'orange'], [86400, 'red']),
  sql: sql`
    select coalesce(sum(extract(epoch from lost_to - lost_from)), 0)::double precision as "Lost"
    from meraki.lost_time
    where ${OF_ORGANIZATIONS} and recovered_at is null`,
});

export const quarantined = statPanel({
  title: 'Rows in quarantine',
  description: `Rows of Meraki's answers that could not be understood, copies counted. They are kept to the letter and missing in the figures. ${AS_OF_NOW}`,
  unit: 'short',
  thresholds: thresholds('green', [1, 'orange'], [1000, 'red']),
  sql: sql`
    select coalesce(sum(copies), 0)::bigint as "Rows"
    from meraki.quarantine
    where ${OF_ORGANIZATIONS}`,
});

export const differences = statPanel({
  title: 'Audits that differed',
  description:
    'Windows of final time that were read again in the time range and were not as stored, repaired ones among them.',
  unit: 'short',
  thresholds: thresholds('green', [1, 'red']),
  sql: sql`
    select count(*) filter (where outcome in ('repaired', 'unconfirmed', 'doubtful')) as "Differences"
    from meraki.audits
    where ${OF_ORGANIZATIONS}
      and $__timeFilter(audited_at)`,
});
