import { AGO, words } from './column-looks.ts';
import { OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';
import { tablePanel } from './table-panel.ts';

export const quarantine = tablePanel({
  title: 'Quarantine',
  description:
    'Rows that could not be understood, by reason. They are kept to the letter and missing in the figures; "quarantine replay" stores them once a version understands them. Empty is good. As of now.',
  columns: {
    Organization: { width: 150 },
    Stream: { width: 110 },
    Rows: { width: 70 },
    'Last seen': AGO,
  },
  sql: sql`
    select o.name as "Organization", q.stream as "Stream", sum(q.copies)::bigint as "Rows",
      max(q.last_seen_at) as "Last seen", q.reason as "Reason"
    from meraki.quarantine q
    join meraki.organizations o on o.id = q.organization_id
    where q.${OF_ORGANIZATIONS}
    group by o.id, o.name, q.stream, q.reason
    order by 3 desc
    limit 100`,
});

export const drift = tablePanel({
  title: 'Fields that are not as documented',
  description:
    "Fields of Meraki's answers that this version does not know, misses, or finds of another type. Unknown ones of deliveries are kept. Empty is good. As of now.",
  columns: {
    Organization: { width: 170 },
    Stream: { width: 120 },
    Kind: words({ unknown: 'semi-dark-blue', missing: 'semi-dark-orange', type: 'semi-dark-orange' }, 90),
    'First seen': AGO,
    'Last seen': AGO,
  },
  sql: sql`
    select o.name as "Organization", d.stream as "Stream", d.field as "Field", d.kind as "Kind",
      d.sample_type as "Type", d.first_seen_at as "First seen", d.last_seen_at as "Last seen"
    from meraki.schema_drift d
    join meraki.organizations o on o.id = d.organization_id
    where d.${OF_ORGANIZATIONS}
    order by d.last_seen_at desc`,
});

export const organizationStates = tablePanel({
  title: 'States of organizations',
  description:
    'Since when each organization is in which state, the newest first. Nothing is read while an organization is not active. Of all time.',
  columns: {
    Organization: { width: 190 },
    State: words({
      active: 'semi-dark-green',
      api_disabled: 'semi-dark-orange',
      refused: 'semi-dark-red',
      vanished: 'semi-dark-red',
    }),
    Since: { unit: 'dateTimeAsIso', width: 155 },
    Until: { unit: 'dateTimeAsIso', width: 155 },
  },
  sql: sql`
    select o.name as "Organization", s.state as "State", s.since as "Since", s.until as "Until"
    from meraki.organization_states s
    join meraki.organizations o on o.id = s.organization_id
    where s.${OF_ORGANIZATIONS}
    order by s.since desc
    limit 200`,
});
