-- Quarantine with multiplicity and the row's own time, the drift of fields, and both as readers see them.

alter table meraki_ingest.quarantine
  add column copies integer,
  add column sent_at timestamptz,
  add column asked_from timestamptz,
  add column asked_to timestamptz;

comment on column meraki_ingest.quarantine.raw is
  'The row''s JSON text as received, with what is not ASCII written as escapes. Holds the whole receiver URL.';
comment on column meraki_ingest.quarantine.copies is
  'How many wholly identical rows one read has shown at most; null, from before this was counted, means one.';
comment on column meraki_ingest.quarantine.sent_at is 'Time of the row, or of its bucket, where it can be read.';
comment on column meraki_ingest.quarantine.asked_from is 'Start of the window that was asked when the row was first seen.';
comment on column meraki_ingest.quarantine.asked_to is 'End of the window that was asked when the row was first seen.';

create table meraki_ingest.schema_drift (
  organization_id text not null,
  stream text not null,
  field text not null,
  kind text not null,
  sample_type text,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  constraint schema_drift_pkey primary key (organization_id, stream, field, kind),
  constraint schema_drift_kind_check check (kind in ('unknown', 'missing', 'type'))
);

comment on table meraki_ingest.schema_drift is
  'Fields of Meraki''s answers that are not as documented: one row for each field and kind of difference.';

create view meraki.quarantine as
select organization_id, stream, series, digest as id, reason, coalesce(copies, 1)::bigint as copies,
  sent_at, first_seen_at, last_seen_at
from meraki_ingest.quarantine;

comment on view meraki.quarantine is
  'One row per different row of an answer that could not be understood and is kept apart, without its text.';
comment on column meraki.quarantine.organization_id is 'Organization whose answer held the row.';
comment on column meraki.quarantine.stream is 'webhook_logs or api_responses.';
comment on column meraki.quarantine.series is 'Series of the stream; all is the unfiltered one.';
comment on column meraki.quarantine.id is 'Hash of the row''s text.';
comment on column meraki.quarantine.reason is 'Why the row could not be understood when it was first seen.';
comment on column meraki.quarantine.copies is 'How many wholly identical rows one read has shown at most.';
comment on column meraki.quarantine.sent_at is
  'Time of the delivery, or start of the bucket; null where it cannot be read.';
comment on column meraki.quarantine.first_seen_at is 'When the row was first received.';
comment on column meraki.quarantine.last_seen_at is 'When the row was last received, to about an hour.';

create view meraki.schema_drift as
select organization_id, stream, field, kind, sample_type, first_seen_at, last_seen_at
from meraki_ingest.schema_drift;

comment on view meraki.schema_drift is
  'One row per field of Meraki''s answers that is not as documented, and per kind of difference.';
comment on column meraki.schema_drift.organization_id is 'Organization whose answer showed it.';
comment on column meraki.schema_drift.stream is 'webhook_logs or api_responses.';
comment on column meraki.schema_drift.field is
  'Name of the field; counts[].code is the field code of the items of counts. Longer than 200 characters: cut off.';
comment on column meraki.schema_drift.kind is
  'unknown: a field this version does not know; missing: a documented field was left out of a row in quarantine; type: it was of another type there.';
comment on column meraki.schema_drift.sample_type is
  'JSON type of the field when it was first seen: string, number, boolean, null, array or object; null where it was missing.';
comment on column meraki.schema_drift.first_seen_at is 'When it was first seen.';
comment on column meraki.schema_drift.last_seen_at is 'When it was last seen, to about an hour.';
