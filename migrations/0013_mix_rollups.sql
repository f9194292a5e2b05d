-- The mixes by alert type and by network get rollups of their own: over a year of all organizations they had to add up a
-- million rows of webhook_days.

create table meraki_store.webhook_alert_days (
  organization_id text not null,
  bucket_start timestamptz not null,
  alert_type_id bigint not null,
  bucket_end timestamptz not null,
  deliveries bigint not null,
  failures bigint not null,
  updated_at timestamptz not null,
  constraint webhook_alert_days_pkey primary key (organization_id, bucket_start, alert_type_id)
);

create table meraki_store.webhook_network_days (
  organization_id text not null,
  bucket_start timestamptz not null,
  network_key bigint not null,
  bucket_end timestamptz not null,
  deliveries bigint not null,
  failures bigint not null,
  updated_at timestamptz not null,
  constraint webhook_network_days_pkey primary key (organization_id, bucket_start, network_key)
);

alter table meraki_store.webhook_alert_days set (fillfactor = 80);
alter table meraki_store.webhook_network_days set (fillfactor = 80);

comment on table meraki_store.webhook_alert_days is
  'Deliveries by alert type and day in the organization''s time zone.';
comment on table meraki_store.webhook_network_days is
  'Deliveries by network and day in the organization''s time zone.';

create function meraki_store.webhook_alert_days_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, alert_type_id bigint, bucket_end timestamptz, deliveries bigint,
  failures bigint)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select d.day_start, alert_type_id, d.day_end, deliveries, failures
  from meraki_store.organization_days(organization, since, until) d
  cross join lateral (
    select alert_type_id, count(*) as deliveries,
      count(*) filter (where response_code not between 200 and 299) as failures
    from meraki_store.webhook_deliveries
    where organization_id = organization and sent_at >= d.day_start and sent_at < d.day_end
    group by alert_type_id
  ) groups
$$;

create function meraki_store.webhook_network_days_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, network_key bigint, bucket_end timestamptz, deliveries bigint,
  failures bigint)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select d.day_start, network_key, d.day_end, deliveries, failures
  from meraki_store.organization_days(organization, since, until) d
  cross join lateral (
    select network_key, count(*) as deliveries,
      count(*) filter (where response_code not between 200 and 299) as failures
    from meraki_store.webhook_deliveries
    where organization_id = organization and sent_at >= d.day_start and sent_at < d.day_end
    group by network_key
  ) groups
$$;

-- Days that are rolled up already are added up from there. Where that day is stale, this is not looked at.
insert into meraki_store.webhook_alert_days
select organization_id, bucket_start, alert_type_id, bucket_end, sum(deliveries)::bigint,
  coalesce(sum(deliveries) filter (where status_class <> '2xx'), 0)::bigint, max(updated_at)
from meraki_store.webhook_days group by organization_id, bucket_start, alert_type_id, bucket_end;

insert into meraki_store.webhook_network_days
select organization_id, bucket_start, network_key, bucket_end, sum(deliveries)::bigint,
  coalesce(sum(deliveries) filter (where status_class <> '2xx'), 0)::bigint, max(updated_at)
from meraki_store.webhook_days group by organization_id, bucket_start, network_key, bucket_end;

create view meraki_store.webhook_alert_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.alert_type_id, r.deliveries, r.failures,
  r.updated_at
from meraki_store.visible_webhooks(current_user) v
join meraki_store.webhook_alert_days r on r.organization_id = v.organization_id
where not v.stale && tstzrange(r.bucket_start, r.bucket_end)
union all
select v.organization_id, v.time_zone, d.day_start, d.day_end, a.alert_type_id, a.deliveries, a.failures,
  v.stale_since
from meraki_store.visible_webhooks(current_user) v
cross join lateral meraki_store.stale_days(v.time_zone, v.stale) d
cross join lateral meraki_store.webhook_alert_days_of(v.organization_id, d.day_start, d.day_end) a;

create view meraki_store.webhook_network_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.network_key, r.deliveries, r.failures,
  r.updated_at
from meraki_store.visible_webhooks(current_user) v
join meraki_store.webhook_network_days r on r.organization_id = v.organization_id
where not v.stale && tstzrange(r.bucket_start, r.bucket_end)
union all
select v.organization_id, v.time_zone, d.day_start, d.day_end, n.network_key, n.deliveries, n.failures,
  v.stale_since
from meraki_store.visible_webhooks(current_user) v
cross join lateral meraki_store.stale_days(v.time_zone, v.stale) d
cross join lateral meraki_store.webhook_network_days_of(v.organization_id, d.day_start, d.day_end) n;

comment on view meraki_store.webhook_alert_days_exact is
  'webhook_alert_days of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.webhook_network_days_exact is
  'webhook_network_days of what the reader may see, made from the facts where it is stale.';

create or replace view meraki.webhook_alert_mix_daily with (security_barrier) as
select m.organization_id, m.bucket_start, a.name as alert_type, m.deliveries, m.failures,
  m.deliveries / m.all_deliveries as delivery_share,
  (m.bucket_start at time zone m.time_zone)::date as date,
  m.organization_id || '/' || m.alert_type_id as alert_type_key
from (
  select organization_id, time_zone, bucket_start, alert_type_id, deliveries, failures,
    sum(deliveries::double precision) over (partition by organization_id, bucket_start) as all_deliveries
  from meraki_store.webhook_alert_days_exact
) m
left join meraki_store.alert_types_seen a
  on a.organization_id = m.organization_id and a.alert_type_id = m.alert_type_id;

create or replace view meraki.webhook_network_mix_daily with (security_barrier) as
select m.organization_id, m.bucket_start, n.network_id, coalesce(n.name, n.network_id) as network_name,
  m.deliveries, m.failures, m.deliveries / m.all_deliveries as delivery_share,
  (m.bucket_start at time zone m.time_zone)::date as date,
  m.organization_id || '/' || n.network_id as network_key
from (
  select organization_id, time_zone, bucket_start, network_key, deliveries, failures,
    sum(deliveries::double precision) over (partition by organization_id, bucket_start) as all_deliveries
  from meraki_store.webhook_network_days_exact
) m
left join meraki_store.networks_seen n
  on n.organization_id = m.organization_id and n.network_key = m.network_key;
