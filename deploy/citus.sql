-- Spreads a running archive over the machines of a Citus cluster. Read docs/scaling.md first: this file has not been run
-- on Citus by this version. A test runs it against stand-ins for Citus' functions, so the names of tables and columns
-- are right, and every table is named once.
--
--   1. Stop all workers, and make a backup.
--   2. On every machine of the cluster: create extension citus; on the coordinator: citus_set_coordinator_host and
--      citus_add_node for each worker machine, as Citus' manual has it.
--   3. psql --set ON_ERROR_STOP=1 --file deploy/citus.sql "$DATABASE_URL"      on the coordinator
--   4. Start the workers again, on the coordinator's URL. The program is the same.
--
-- It is one transaction: what fails leaves the archive as it was. Rows are copied to their shards, so the coordinator needs
-- room for the facts a second time until the last step, which is listed at the end and done by hand.

begin;

-- Partitions of one table are made on all machines; doing that in parallel in one transaction is refused.
set local citus.multi_shard_modify_mode = 'sequential';

-- Distributed by organization, and all in the same place: a page's transaction, with its facts, dimension members,
-- checkpoint and coverage, is on one machine and is committed there as a whole.

select create_distributed_table('meraki_store.webhook_deliveries', 'organization_id');
select create_distributed_table('meraki_store.api_response_counts', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_store.api_response_revisions', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_store.networks', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_store.network_names', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_store.webhook_endpoints', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_store.alert_types', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_store.rollup_stale', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.streams', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.checkpoints', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.coverage', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.verified_time', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.lost_time', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.sync_runs', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.audits', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.lateness', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.quarantine', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');
select create_distributed_table('meraki_ingest.schema_drift', 'organization_id',
  colocate_with => 'meraki_store.webhook_deliveries');

-- On every machine: small, seldom written, and joined with everything.

select create_reference_table('meraki_store.organizations');
select create_reference_table('meraki_store.organization_names');
select create_reference_table('meraki_ingest.organization_states');
select create_reference_table('meraki_ingest.network_lists');
select create_reference_table('meraki_ingest.reader_organizations');
select create_reference_table('meraki_ingest.settings');
select create_reference_table('meraki_store.response_codes');
select create_reference_table('meraki_store.latency_buckets');
select create_reference_table('meraki_store.calendar_hours');
select create_reference_table('meraki_store.calendar_days');

-- On the coordinator alone. Rollups are made by functions of the database, which read the facts of one organization
-- wherever they lie; a function cannot do that from a worker machine.
--
-- local: meraki_ingest.chores
-- local: meraki_ingest.workers
-- local: meraki_store.webhook_hours
-- local: meraki_store.webhook_days
-- local: meraki_store.webhook_endpoint_hours
-- local: meraki_store.webhook_endpoint_days
-- local: meraki_store.webhook_code_days
-- local: meraki_store.webhook_alert_days
-- local: meraki_store.webhook_network_days
-- local: meraki_store.webhook_failure_runs
-- local: meraki_store.api_response_hours
-- local: meraki_store.api_response_days
-- local: meraki_store.api_code_days
-- local: meraki_ingest.request_budgets
-- local: meraki_ingest.migrations

commit;

-- When reports show what they should, free the coordinator's own copy of the facts, table by table:
--
--   select truncate_local_data_after_distributing_table('meraki_store.webhook_deliveries');
--   select truncate_local_data_after_distributing_table('meraki_store.api_response_counts');
