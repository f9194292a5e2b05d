-- Comparisons of times that reach indexes and partitions through the views.
--
-- Many tools write times as timestamp '2026-11-01 00:00:00' or date '2026-11-01', without a time zone. Postgres does not
-- trust its own comparison of these with a timestamptz to tell nothing of the values, so it makes it only after all rows
-- are read that a security barrier lets through. Operators of the same names, found first by readers, cast the literal
-- instead: what is compared then is two timestamptz, which Postgres trusts. They mean what Postgres' own mean. They are in
-- no operator family, which takes a superuser: rows of times cannot be compared as a whole, (a, b) >= (timestamp …, …).

create schema meraki_operators;
comment on schema meraki_operators is
  'Comparisons that readers find before those of Postgres, so that conditions on time without a time zone are fast.';

create function meraki_operators.before(timestamptz, timestamp) returns boolean
language sql stable parallel safe return $1 < $2::timestamptz;
create function meraki_operators.before(timestamp, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz < $2;
create function meraki_operators.up_to(timestamptz, timestamp) returns boolean
language sql stable parallel safe return $1 <= $2::timestamptz;
create function meraki_operators.up_to(timestamp, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz <= $2;
create function meraki_operators.at(timestamptz, timestamp) returns boolean
language sql stable parallel safe return $1 = $2::timestamptz;
create function meraki_operators.at(timestamp, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz = $2;
create function meraki_operators.since(timestamptz, timestamp) returns boolean
language sql stable parallel safe return $1 >= $2::timestamptz;
create function meraki_operators.since(timestamp, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz >= $2;
create function meraki_operators.after(timestamptz, timestamp) returns boolean
language sql stable parallel safe return $1 > $2::timestamptz;
create function meraki_operators.after(timestamp, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz > $2;

create function meraki_operators.before(timestamptz, date) returns boolean
language sql stable parallel safe return $1 < $2::timestamptz;
create function meraki_operators.before(date, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz < $2;
create function meraki_operators.up_to(timestamptz, date) returns boolean
language sql stable parallel safe return $1 <= $2::timestamptz;
create function meraki_operators.up_to(date, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz <= $2;
create function meraki_operators.at(timestamptz, date) returns boolean
language sql stable parallel safe return $1 = $2::timestamptz;
create function meraki_operators.at(date, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz = $2;
create function meraki_operators.since(timestamptz, date) returns boolean
language sql stable parallel safe return $1 >= $2::timestamptz;
create function meraki_operators.since(date, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz >= $2;
create function meraki_operators.after(timestamptz, date) returns boolean
language sql stable parallel safe return $1 > $2::timestamptz;
create function meraki_operators.after(date, timestamptz) returns boolean
language sql stable parallel safe return $1::timestamptz > $2;

create operator meraki_operators.< (leftarg = timestamptz, rightarg = timestamp, function = meraki_operators.before,
  commutator = operator(meraki_operators.>));
create operator meraki_operators.< (leftarg = timestamp, rightarg = timestamptz, function = meraki_operators.before,
  commutator = operator(meraki_operators.>));
create operator meraki_operators.<= (leftarg = timestamptz, rightarg = timestamp, function = meraki_operators.up_to,
  commutator = operator(meraki_operators.>=));
create operator meraki_operators.<= (leftarg = timestamp, rightarg = timestamptz, function = meraki_operators.up_to,
  commutator = operator(meraki_operators.>=));
create operator meraki_operators.= (leftarg = timestamptz, rightarg = timestamp, function = meraki_operators.at,
  commutator = operator(meraki_operators.=));
create operator meraki_operators.= (leftarg = timestamp, rightarg = timestamptz, function = meraki_operators.at,
  commutator = operator(meraki_operators.=));
create operator meraki_operators.>= (leftarg = timestamptz, rightarg = timestamp, function = meraki_operators.since,
  commutator = operator(meraki_operators.<=));
create operator meraki_operators.>= (leftarg = timestamp, rightarg = timestamptz, function = meraki_operators.since,
  commutator = operator(meraki_operators.<=));
create operator meraki_operators.> (leftarg = timestamptz, rightarg = timestamp, function = meraki_operators.after,
  commutator = operator(meraki_operators.<));
create operator meraki_operators.> (leftarg = timestamp, rightarg = timestamptz, function = meraki_operators.after,
  commutator = operator(meraki_operators.<));

create operator meraki_operators.< (leftarg = timestamptz, rightarg = date, function = meraki_operators.before,
  commutator = operator(meraki_operators.>));
create operator meraki_operators.< (leftarg = date, rightarg = timestamptz, function = meraki_operators.before,
  commutator = operator(meraki_operators.>));
create operator meraki_operators.<= (leftarg = timestamptz, rightarg = date, function = meraki_operators.up_to,
  commutator = operator(meraki_operators.>=));
create operator meraki_operators.<= (leftarg = date, rightarg = timestamptz, function = meraki_operators.up_to,
  commutator = operator(meraki_operators.>=));
create operator meraki_operators.= (leftarg = timestamptz, rightarg = date, function = meraki_operators.at,
  commutator = operator(meraki_operators.=));
create operator meraki_operators.= (leftarg = date, rightarg = timestamptz, function = meraki_operators.at,
  commutator = operator(meraki_operators.=));
create operator meraki_operators.>= (leftarg = timestamptz, rightarg = date, function = meraki_operators.since,
  commutator = operator(meraki_operators.<=));
create operator meraki_operators.>= (leftarg = date, rightarg = timestamptz, function = meraki_operators.since,
  commutator = operator(meraki_operators.<=));
create operator meraki_operators.> (leftarg = timestamptz, rightarg = date, function = meraki_operators.after,
  commutator = operator(meraki_operators.<));
create operator meraki_operators.> (leftarg = date, rightarg = timestamptz, function = meraki_operators.after,
  commutator = operator(meraki_operators.<));
comment on operator meraki_operators.< (timestamptz, timestamp) is 'As in Postgres, in the session''s time zone.';
comment on operator meraki_operators.< (timestamptz, date) is 'As in Postgres, in the session''s time zone.';

-- Plans of report views are long and their queries short: compiling them would take longer than they do.
--
-- Other logins do not inherit these settings from the role: docs/bi-tools.md says what to set for them.
do $$
declare
  reader name;
  settings constant text := format(
    'alter role meraki_reader in database %1$I set search_path = meraki_operators, pg_catalog, meraki, public; '
    'alter role meraki_reader in database %1$I set jit = off;',
    current_database());
begin
  foreach reader in array array['meraki_reader', 'meraki_organization_reader']::name[] loop
    if exists (select from pg_roles where rolname = reader) then
      execute format('grant usage on schema meraki_operators to %I', reader);
    end if;
  end loop;
  begin
    execute settings;
  exception
    when undefined_object or insufficient_privilege then
      raise warning 'Reports are slow until an administrator runs: %', settings;
  end;
end
$$;
