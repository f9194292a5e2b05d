-- An organization that the configuration leaves out is in a state of its own, and its streams end.

alter table meraki_store.organizations drop constraint organizations_state_check;
alter table meraki_store.organizations add constraint organizations_state_check
  check (state in ('active', 'api_disabled', 'refused', 'vanished', 'left_out'));

alter table meraki_ingest.organization_states drop constraint organization_states_state_check;
alter table meraki_ingest.organization_states add constraint organization_states_state_check
  check (state in ('active', 'api_disabled', 'refused', 'vanished', 'left_out'));

comment on column meraki_ingest.streams.retired_at is
  'Where the stream ends, since its series is no longer configured or its organization is left out; null while it is wanted.';
comment on column meraki_ingest.streams.unwanted is
  'Stretches that were not wanted: what was lacking at a retirement and could still be had, and all up to a return.';

comment on column meraki.freshness.retired_at is
  'Where the stream ends, since its series is no longer configured or its organization is left out; null while it is wanted.';
comment on column meraki.organizations.state is
  'active: is synced; api_disabled: listed with API access turned off; refused: Meraki answers 403 or 404 for it; vanished: the key no longer sees it; left_out: the configuration does not want it.';
comment on column meraki.organization_states.state is
  'active: its streams are read; api_disabled: its API access is off; refused: Meraki answers 403 or 404; vanished: the key no longer sees it; left_out: the configuration does not want it.';
comment on column meraki.lost_time.reason is
  'api_disabled, refused, vanished, left_out: state of the organization then; source_keeps_less: the source turned out to keep less than was thought; source_cannot_answer: it failed on that stretch only; not_running: no sync began in the last day it could be had; an error code in capitals: the sync failed with it; fell_behind: none of these.';
