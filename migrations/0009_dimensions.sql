-- Names over time, and when an organization's networks were last listed.

create table meraki_store.organization_names (
  organization_id text not null,
  since timestamptz not null,
  name text not null,
  constraint organization_names_pkey primary key (organization_id, since)
);

create table meraki_store.network_names (
  organization_id text not null,
  network_key bigint not null,
  since timestamptz not null,
  name text not null,
  constraint network_names_pkey primary key (organization_id, network_key, since)
);

create table meraki_ingest.network_lists (
  organization_id text not null,
  asked_at timestamptz not null,
  listed_at timestamptz,
  constraint network_lists_pkey primary key (organization_id)
);

comment on table meraki_store.organization_names is
  'Every name an organization was listed with, and since when: the first since it was first seen.';
comment on table meraki_store.network_names is
  'Every name a network was listed with, and since when: the first since the network was first seen.';
comment on table meraki_ingest.network_lists is
  'Per organization, when its networks were last listed, so that they are listed about once a day, whatever restarts.';
comment on column meraki_ingest.network_lists.asked_at is
  'When a worker last began to list them: others leave it alone for a while.';
comment on column meraki_ingest.network_lists.listed_at is 'When they were last listed completely.';

-- What they were called before is not known: the present name is as old as the member.
insert into meraki_store.organization_names (organization_id, since, name)
select organization_id, first_seen_at, name from meraki_store.organizations;

insert into meraki_store.network_names (organization_id, network_key, since, name)
select organization_id, network_key, first_seen_at, name from meraki_store.networks where name is not null;

create view meraki.organization_names with (security_barrier) as
select n.organization_id, n.name, n.since as valid_from,
  lead(n.since) over (partition by n.organization_id order by n.since) as valid_to
from meraki_store.visible_organizations(current_user) v
join meraki_store.organization_names n on n.organization_id = v.organization_id;

-- A backfill finds older deliveries of a network after it was listed: its first name is as old as they are.
create view meraki.network_names with (security_barrier) as
select n.organization_id, k.network_id, n.name,
  case when row_number() over names = 1 then least(n.since, k.first_seen_at) else n.since end as valid_from,
  lead(n.since) over names as valid_to,
  n.organization_id || '/' || k.network_id as network_key
from meraki_store.visible_organizations(current_user) v
join meraki_store.network_names n on n.organization_id = v.organization_id
join meraki_store.networks k on k.organization_id = n.organization_id and k.network_key = n.network_key
window names as (partition by n.organization_id, k.network_id order by n.since);

comment on view meraki.organization_names is
  'One row per name that an organization had, as it was listed about every ten minutes. The newest has no valid_to.';
comment on column meraki.organization_names.organization_id is 'The organization; id in organizations.';
comment on column meraki.organization_names.name is 'Its name in the dashboard during that time.';
comment on column meraki.organization_names.valid_from is
  'When the name was first seen, included; of the first name, when the organization was first listed. What it was called before is not known.';
comment on column meraki.organization_names.valid_to is
  'When the next name was first seen, not included; null while the name holds.';

comment on view meraki.network_names is
  'One row per name that a network had, as it was listed about once a day. The newest has no valid_to. A network that was never listed has no row.';
comment on column meraki.network_names.organization_id is 'Organization the network belongs to.';
comment on column meraki.network_names.network_id is 'The network; id in networks.';
comment on column meraki.network_names.name is 'Its name in the dashboard during that time.';
comment on column meraki.network_names.valid_from is
  'When the name was first seen, included; of the first name, first_seen_at of the network, so that every delivery falls into one name.';
comment on column meraki.network_names.valid_to is
  'When the next name was first seen, not included; null while the name holds.';
comment on column meraki.network_names.network_key is 'organization_id and network_id, joined by a slash; as in networks.';
