-- What many workers share beside the queue: when a stream that keeps failing is tried again, and who does what has to
-- be done once for all.

-- Null where nothing failed since the last success: columns with a default are only added with a table.
alter table meraki_ingest.streams add column failures integer;
alter table meraki_ingest.streams add column retry_at timestamptz;
comment on column meraki_ingest.streams.failures is 'How often the live lane failed since it last succeeded; null for never.';
comment on column meraki_ingest.streams.retry_at is 'Until when the live lane leaves the stream alone, by Meraki''s clock; null where it does not.';

create table meraki_ingest.chores (
  name text not null,
  begun_at timestamptz not null,
  constraint chores_pkey primary key (name)
);
comment on table meraki_ingest.chores is 'When work that is done once for all workers was last begun, by the clock of whoever began it.';
comment on column meraki_ingest.chores.name is 'Which work.';
comment on column meraki_ingest.chores.begun_at is 'When it was last begun.';

comment on column meraki.organizations.last_seen_at is 'When the organization was last listed, to about an hour.';

create table meraki_ingest.workers (
  worker_id text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  constraint workers_pkey primary key (worker_id)
);
comment on table meraki_ingest.workers is 'The worker processes; each says every minute that it is there.';
comment on column meraki_ingest.workers.worker_id is 'Drawn when the process starts to work.';
comment on column meraki_ingest.workers.started_at is 'When it began to work, by its own clock.';
comment on column meraki_ingest.workers.seen_at is 'When it last said that it is there, by its own clock.';
