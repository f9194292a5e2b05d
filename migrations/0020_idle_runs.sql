-- Runs that found nothing new become one row for each stretch and day once they are three days old.

comment on view meraki.sync_runs is
  'One row per run: one lane of one stream, worked on until done, paused or failed. Runs older than three days that went well and found nothing new share a row for each stretch of a day in UTC; figures are then their sum.';
comment on column meraki.sync_runs.started_at is 'When the run began; of runs that share a row, the first.';
comment on column meraki.sync_runs.finished_at is
  'When the run ended; null while it goes on, or when it was killed. Of runs that share a row, the last.';
