-- Token buckets in place of counters. What is lost with the old table is a second's count.

drop table meraki_ingest.request_budgets;

-- Rows are updated in place several times a second: room in each page keeps that out of the index. Losing them after a
-- crash costs nothing, so they stay out of the WAL.
create unlogged table meraki_ingest.request_budgets (
  key text not null,
  state text not null,
  constraint request_budgets_pkey primary key (key)
) with (fillfactor = 50);

comment on table meraki_ingest.request_budgets is
  'Token buckets of organizations and addresses, shared by all workers, where the queue lives in Postgres.';
comment on column meraki_ingest.request_budgets.state is
  'JSON as the program writes it; replaced only by who has seen it, so that no two take the same token.';
