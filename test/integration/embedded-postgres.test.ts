/*
 * The embedded Postgres as one who starts it alone finds it: what it keeps over a restart, who is let in, and what it
 * says when it cannot start.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  clusterOf,
  copyFromNowOn,
  end,
  endEmbeddedAfterTests,
  isRunning,
  lines,
  newPlace,
  open,
  query,
  serverProcesses,
  startChild,
  until,
  usedPlace,
} from '../support/embedded-places.ts';

const psql = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']
  .map((path) => join(path, 'psql'))
  .find(existsSync);

endEmbeddedAfterTests();

describe('the embedded Postgres', () => {
  test('starts on an empty directory, listens on loopback only, and keeps secrets in files of mode 0600', async () => {
    const place = await newPlace();
    const handle = await open(place);

    expect(handle.startedHere).toBe(true);
    const [row] = await query(
      handle.connectionString,
      `select current_database() as database, current_setting('listen_addresses') as addresses,
              current_setting('unix_socket_directories') as sockets, current_setting('TimeZone') as zone,
              current_setting('max_connections') as connections, current_setting('fsync') as fsync,
              current_setting('data_checksums') as checksums,
              (select datlocprovider::text || ' ' || datlocale || ' ' || pg_encoding_to_char(encoding)
               from pg_database where datname = current_database()) as locale`,
    );
    expect(row).toEqual({
      database: 'historian',
      addresses: '127.0.0.1',
      sockets: '',
      zone: 'UTC',
      connections: '60',
      fsync: 'on',
      checksums: 'on',
      locale: 'b C.UTF-8 UTF8',
    });
    for (const file of ['embedded-postgres.json', 'embedded-postgres.pgpass']) {
      expect((await stat(join(place.dataDir, file))).mode & 0o777).toBe(0o600);
    }
    const settings = JSON.parse(await readFile(join(place.dataDir, 'embedded-postgres.json'), 'utf8'));
    expect(lines.join()).not.toContain(settings.ownerPassword);
    expect(lines.join()).not.toContain(settings.readerPassword);
    expect(handle.readerUri).not.toContain(settings.readerPassword);
    await handle.close();
    expect(isRunning(place)).toBe(false);
    copyFromNowOn(place);
  });

  test('keeps data, port and passwords over a restart', async () => {
    const place = await usedPlace();
    const first = await open(place);
    await query(first.connectionString, 'create table kept as select 42 as answer');
    await first.close();
    const second = await open(place);
    expect(second.connectionString).toBe(first.connectionString);
    expect(await query(second.connectionString, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test('lets the reader in with the password file, and only with the password', async () => {
    const handle = await open(await usedPlace('data of Zoë'));
    const [host, port, database, user, password] = (await readFile(handle.readerPasswordFile, 'utf8'))
      .trim()
      .split(':');
    expect([host, Number(port), database, user]).toEqual([
      '127.0.0.1',
      handle.port,
      'historian',
      'meraki_reader',
    ]);
    const uri = `postgresql://${user}:${password}@${host}:${port}/${database}`;
    expect(await query(uri, 'select current_user as me')).toEqual([{ me: 'meraki_reader' }]);
    await expect(query(uri.replace(`${password}`, 'wrong'), 'select 1')).rejects.toThrow(/password/);
    await expect(query(uri, 'create table public.mine ()')).rejects.toThrow(/permission denied/);
  });

  test.skipIf(psql === undefined)('its reader URI works in psql as printed', async () => {
    const handle = await open(await usedPlace('data of Zoë & "Bob"'));
    const answer = await promisify(execFile)(psql ?? '', [handle.readerUri, '-XAtc', 'select current_user']);
    expect(answer.stdout.trim()).toBe('meraki_reader');
  });

  test('runs in a directory whose name means something to a shell', async () => {
    const place = await newPlace(`it's a "test" $(false) \`ü\` %20`);
    const handle = await open(place);
    await query(handle.connectionString, 'create table kept ()');
    await handle.close();
    const again = await open(place);
    await query(again.connectionString, 'select from kept');
  });

  test('chooses another port when its own is taken, and remembers it', async () => {
    const place = await usedPlace();
    const first = await open(place);
    await first.close();
    const stranger = createServer().listen(first.port, '127.0.0.1');
    await once(stranger, 'listening');
    const second = await open(place);
    expect(second.port).not.toBe(first.port);
    expect(lines.some((line) => line.includes('port of the embedded Postgres has changed'))).toBe(true);
    expect(await readFile(second.readerPasswordFile, 'utf8')).toContain(`:${second.port}:`);
    await second.close();
    stranger.close();
    expect((await open(place)).port).toBe(second.port);
  });

  test('begins anew after an interrupted initdb', async () => {
    const place = await newPlace();
    const home = join(place.dataDir, 'postgres');
    const child = startChild(place);
    child.opened.catch(() => undefined);
    const unfinished = () =>
      existsSync(home) && readdirSync(home).some((name) => existsSync(join(home, name, 'global')));
    await until('initdb is half-way', unfinished);
    await child.kill();
    for (const pid of serverProcesses([place.dataDir, home])) end(pid);
    await until('initdb is gone', () => serverProcesses([place.dataDir, home]).length === 0);
    expect(existsSync(join(home, 'cluster'))).toBe(false);
    const handle = await open(place);
    expect(await query(handle.connectionString, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await readdir(home)).filter((name) => name.startsWith('unfinished'))).toEqual([]);
  });

  test('makes new passwords when the settings file was lost', async () => {
    const place = await usedPlace();
    const first = await open(place);
    await query(first.connectionString, 'create table kept ()');
    await first.close();
    await rm(join(place.dataDir, 'embedded-postgres.json'));
    const second = await open(place);
    expect(second.connectionString).not.toBe(first.connectionString);
    await query(second.connectionString, 'select from kept');
  });

  test('refuses the cluster of another major version, and what is no cluster', async () => {
    const place = await usedPlace();
    const file = join(clusterOf(place), 'PG_VERSION');
    await writeFile(file, '17\n');
    await expect(open(place)).rejects.toThrow(/written by Postgres 17.*pg_dump.*DATABASE_URL/s);
    await rm(file);
    await expect(open(place)).rejects.toThrow(/not a Postgres cluster/);
    expect(existsSync(join(clusterOf(place), 'base'))).toBe(true);
  });

  test('says what the server said when it does not start', async () => {
    const place = await usedPlace();
    await writeFile(join(clusterOf(place), 'postgresql.auto.conf'), "shared_buffers = 'much'\n");
    await expect(open(place)).rejects.toThrow(/did not start.*invalid value.*shared_buffers.*DATABASE_URL/s);
  });

  test('says so when there are no binaries', async () => {
    await expect(open(await newPlace(), 'owner', '/nonexistent')).rejects.toThrow(/binaries/);
  });

  test('closes twice as once', async () => {
    const handle = await open(await usedPlace());
    await Promise.all([handle.close(), handle.close()]);
    await handle.close();
  });
});
