-- Lost time is recorded for ever, with when and why; organizations keep the history of their states.

create table meraki_ingest.lost_time (
  organization_id text not null,
  stream text not null,
  series text not null,
  lost_from timestamptz not null,
  lost_to timestamptz not null,
  lost_at timestamptz not null,
  noticed_at timestamptz not null,
  reason text not null,
  detail text not null,
  recovered_at timestamptz,
  constraint lost_time_pkey primary key (organization_id, stream, series, lost_from),
  constraint lost_time_order_check check (lost_from < lost_to)
);

create table meraki_ingest.organization_states (
  organization_id text not null,
  since timestamptz not null,
  state text not null,
  constraint organization_states_pkey primary key (organization_id, since),
  constraint organization_states_state_check check (state in ('active', 'api_disabled', 'refused', 'vanished'))
);

-- Nobody knows since when an organization has been as it is; since when it was last seen so is the best there is.
insert into meraki_ingest.organization_states (organization_id, since, state)
select organization_id, case when state = 'active' then first_seen_at else last_seen_at end, state
from meraki_store.organizations;

alter table meraki_ingest.streams add column retired_at timestamptz;
alter table meraki_ingest.streams add column unwanted tstzmultirange;
alter table meraki_ingest.streams add column dropped_before timestamptz;

comment on table meraki_ingest.lost_time is
  'Time that was wanted and aged out at Meraki before it was read. Rows are never deleted.';
comment on column meraki_ingest.lost_time.lost_at is 'When the last of the stretch left the reach of the source.';
comment on column meraki_ingest.lost_time.noticed_at is 'When the first of it was recorded here.';
comment on column meraki_ingest.lost_time.reason is 'Short stable code; the view meraki.lost_time lists them.';
comment on column meraki_ingest.lost_time.recovered_at is
  'When the stretch was found covered after all; null while any of it is missing.';
comment on table meraki_ingest.organization_states is
  'Every change of an organization''s state: since when it has been in which.';
comment on column meraki_ingest.streams.retired_at is
  'Where the stream ends, since its series is no longer configured; null while it is.';
comment on column meraki_ingest.streams.unwanted is
  'Stretches between a retirement and a return, which were never wanted.';
comment on column meraki_ingest.streams.dropped_before is
  'Rows older than this were dropped by RETENTION; null while none were.';

create or replace view meraki_ingest.missing_time as
select organization_id, stream, series, lookback, horizon, wanted - covered as missing, wanted
from (
  select s.organization_id, s.stream, s.series,
    s.lookback_seconds * interval '1 second' as lookback,
    now() + (s.clock_skew_ms - 1000 * s.lookback_seconds) * interval '1 millisecond' as horizon,
    tstzmultirange(tstzrange(s.wanted_from, greatest(s.wanted_from,
      least(now() + s.clock_skew_ms * interval '1 millisecond' - s.expected_lag_seconds * interval '1 second', s.retired_at)
    ))) - coalesce(s.unwanted, '{}') as wanted,
    coalesce(c.covered, '{}') as covered
  from meraki_ingest.streams s
  left join (
    select organization_id, stream, series, range_agg(final + provisional) as covered
    from meraki_ingest.coverage group by organization_id, stream, series
  ) c on c.organization_id = s.organization_id and c.stream = s.stream and c.series = s.series
) streams;

comment on view meraki_ingest.missing_time is
  'Per stream: the time that is wanted, what of it is not covered, and since when the source has forgotten.';

-- Records, each drawn out over what was lost right behind it since and is not recorded yet: that takes minutes.
create view meraki_ingest.recorded_loss as
select organization_id, stream, series, lost_from, lost_to, lost_at, reason,
  tstzrange(lost_from, greatest(lost_to, least(horizon, next_from, missing_until))) as lost
from (
  select l.organization_id, l.stream, l.series, l.lost_from, l.lost_to, l.lost_at, l.reason, m.horizon,
    lead(l.lost_from) over (partition by l.organization_id, l.stream, l.series order by l.lost_from) as next_from,
    coalesce((select upper(r) from unnest(m.missing) r where r @> l.lost_to), l.lost_to) as missing_until
  from meraki_ingest.lost_time l
  join meraki_ingest.missing_time m
    on m.organization_id = l.organization_id and m.stream = l.stream and m.series = l.series
) records;

comment on view meraki_ingest.recorded_loss is
  'Lost time as recorded, each stretch drawn out to where the loss right behind it has come since.';

-- What was recorded as lost stays lost until it is covered: a lookback that is believed to be longer again for a
-- while, until the next refusal, must not turn it into a pending gap with a deadline.
create or replace view meraki.gaps as
select organization_id, stream, series, lower(r) as gap_from, upper(r) as gap_to, state,
  case when state = 'pending' then lower(r) + lookback end as deadline,
  case when state = 'lost' and upper(r) <= recorded_to then lost_at
    when state = 'lost' then upper(r) + lookback end as lost_at,
  reason,
  case when state = 'pending' then extract(epoch from lower(r) + lookback - now())::double precision end
    as seconds_left
from (
  select m.organization_id, m.stream, m.series, m.lookback, 'lost' as state, l.lost_at, l.lost_to as recorded_to,
    l.reason, unnest(m.missing * tstzmultirange(l.lost)) as r
  from meraki_ingest.missing_time m
  join meraki_ingest.recorded_loss l
    on l.organization_id = m.organization_id and l.stream = m.stream and l.series = m.series
  union all
  select u.organization_id, u.stream, u.series, u.lookback, side.state, null, null, null,
    unnest(u.unrecorded * tstzmultirange(
      case when side.state = 'lost' then tstzrange(null, u.horizon) else tstzrange(u.horizon, null) end))
  from (
    select m.organization_id, m.stream, m.series, m.lookback, m.horizon,
      m.missing - coalesce(l.recorded, '{}') as unrecorded
    from meraki_ingest.missing_time m
    left join (
      select organization_id, stream, series, range_agg(lost) as recorded
      from meraki_ingest.recorded_loss group by organization_id, stream, series
    ) l on l.organization_id = m.organization_id and l.stream = m.stream and l.series = m.series
  ) u
  cross join (values ('lost'), ('pending')) as side(state)
) stretches;

comment on column meraki.gaps.lost_at is 'When the last of a lost gap left the reach of the source; null for a pending one.';
comment on column meraki.gaps.reason is
  'Why the gap was lost, as in lost_time; null for a pending one, and for minutes until it is recorded.';
comment on column meraki.gaps.seconds_left is 'Seconds from now to the deadline of a pending gap; null for a lost one.';

create view meraki.lost_time as
select organization_id, stream, series, lost_from, lost_to, lost_at, noticed_at, reason, detail, recovered_at
from meraki_ingest.lost_time;

comment on view meraki.lost_time is
  'One row per stretch that aged out before it was read. Rows stay for ever, recovered ones too.';
comment on column meraki.lost_time.organization_id is 'Organization of the stream.';
comment on column meraki.lost_time.stream is 'webhook_logs or api_responses.';
comment on column meraki.lost_time.series is 'Filter set of the stream; all: no filter.';
comment on column meraki.lost_time.lost_from is 'Start of the stretch, included.';
comment on column meraki.lost_time.lost_to is 'End of the stretch, not included; it grows while more is lost for the same reason.';
comment on column meraki.lost_time.lost_at is 'When the last of the stretch left the reach of the source.';
comment on column meraki.lost_time.noticed_at is 'When the first of the stretch was recorded as lost.';
comment on column meraki.lost_time.reason is
  'api_disabled, refused, vanished: state of the organization then; source_keeps_less: the source turned out to keep less than was thought; source_cannot_answer: it failed on that stretch only; not_running: no sync began in the last day it could be had; an error code in capitals: the sync failed with it; fell_behind: none of these.';
comment on column meraki.lost_time.detail is 'The reason in a sentence.';
comment on column meraki.lost_time.recovered_at is
  'When the stretch was found covered after all, the source having kept it longer; null where it is not.';

create view meraki.organization_states as
select organization_id, state, since,
  lead(since) over (partition by organization_id order by since) as until
from meraki_ingest.organization_states;

comment on view meraki.organization_states is 'One row per stretch in which an organization was in one state.';
comment on column meraki.organization_states.organization_id is 'Organization.';
comment on column meraki.organization_states.state is
  'active: its streams are read; api_disabled: its API access is off; refused: Meraki answers 403 or 404; vanished: the key no longer sees it.';
comment on column meraki.organization_states.since is 'When the state was first noticed.';
comment on column meraki.organization_states.until is 'When the next state was noticed; null for the present one.';

create or replace view meraki.freshness as
select s.organization_id, s.stream, s.series, c.covered_until, s.last_success_at,
  extract(epoch from now() - c.covered_until)::double precision as lag_seconds,
  g.next_deadline, s.last_error, s.last_error_at, o.state as organization_state,
  (s.clock_skew_ms::double precision / 1000) as clock_skew_seconds,
  s.lookback_seconds::double precision as lookback_seconds,
  w.covered_ratio, s.retired_at
from meraki_ingest.streams s
left join meraki_store.organizations o on o.organization_id = s.organization_id
left join (
  select organization_id, stream, series, max(upper(final + provisional)) as covered_until
  from meraki_ingest.coverage group by organization_id, stream, series
) c on c.organization_id = s.organization_id and c.stream = s.stream and c.series = s.series
left join (
  select organization_id, stream, series, min(deadline) as next_deadline
  from meraki.gaps group by organization_id, stream, series
) g on g.organization_id = s.organization_id and g.stream = s.stream and g.series = s.series
left join (
  select organization_id, stream, series,
    1 - coalesce((select sum(extract(epoch from upper(r) - lower(r))) from unnest(missing) r), 0)::double precision
      / nullif((select sum(extract(epoch from upper(r) - lower(r))) from unnest(wanted) r), 0)::double precision
      as covered_ratio
  from meraki_ingest.missing_time
) w on w.organization_id = s.organization_id and w.stream = s.stream and w.series = s.series;

comment on column meraki.freshness.lookback_seconds is
  'How far back the source is asked, as far as is known, less a margin for clocks.';
comment on column meraki.freshness.covered_ratio is
  'Share of the wanted time that is covered, from 0 to 1; null while nothing is due yet.';
comment on column meraki.freshness.retired_at is
  'Where the stream ends, since its series is no longer configured; null while it is.';
