/* One owner at a time: a second one is refused, one that was killed is succeeded, and a killed server is started again. */
import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EmbeddedPostgresError } from '../../src/errors.ts';
import {
  children,
  clusterOf,
  endEmbeddedAfterTests,
  isRunning,
  killServer,
  LINUX,
  lines,
  open,
  postmasterOf,
  query,
  serverProcesses,
  startChild,
  until,
  usedPlace,
} from '../support/embedded-places.ts';

endEmbeddedAfterTests();

describe('the embedded Postgres', () => {
  test('refuses a second owner, names the first, and lets it work on', async () => {
    const place = await usedPlace();
    const child = startChild(place);
    expect((await child.opened).startedHere).toBe(true);
    const refused = await open(place).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EmbeddedPostgresError);
    expect(refused).toHaveProperty('message', expect.stringContaining(place.dataDir));
    expect(refused).toHaveProperty('message', expect.stringContaining(`process ${child.process.pid}`));
    expect(refused).toHaveProperty('message', expect.stringContaining('DATABASE_URL'));
    expect(isRunning(place)).toBe(true);
    await child.close();
    expect(isRunning(place)).toBe(false);
  });

  test('takes over the server of an owner that was killed', async () => {
    const place = await usedPlace();
    const child = startChild(place);
    const { connectionString } = await child.opened;
    await query(connectionString ?? '', 'create table kept as select 42 as answer');
    const before = postmasterOf(place);
    await child.kill();
    const handle = await open(place);
    expect(handle.startedHere).toBe(false);
    expect(postmasterOf(place)).toBe(before);
    expect(await query(handle.connectionString, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await handle.close();
    expect(isRunning(place)).toBe(false);
  });

  test.skipIf(!LINUX)('recovers what was committed when owner and server were killed', async () => {
    const place = await usedPlace();
    const child = startChild(place);
    const { connectionString } = await child.opened;
    await query(connectionString ?? '', 'create table kept as select 42 as answer');
    await child.kill();
    await killServer(place);
    const handle = await open(place);
    expect(handle.startedHere).toBe(true);
    expect(await query(handle.connectionString, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  test.skipIf(!LINUX)('starts a killed server again, on its port, and owns it as before', async () => {
    const place = await usedPlace();
    const handle = await open(place);
    await query(handle.connectionString, 'create table kept as select 42 as answer');
    await killServer(place);
    await until('it holds the ownership again', () =>
      lines.some((line) => line.includes('holds the ownership of the embedded Postgres again')),
    );
    expect(lines.some((line) => line.includes('lost the connection'))).toBe(true);
    expect(await query(handle.connectionString, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await expect(open(place)).rejects.toThrow(/already running/);
    await handle.close();
    expect(isRunning(place)).toBe(false);
  });

  test.skipIf(!LINUX)('closes while it starts a killed server again: nothing is left', async () => {
    const place = await usedPlace();
    const handle = await open(place);
    await killServer(place);
    await until('the loss is logged', () => lines.some((line) => line.includes('lost the connection')));
    await handle.close();
    expect(serverProcesses([place.dataDir])).toEqual([]);
  });

  test.skipIf(!LINUX)('starts when another program has the pid that a killed server left', async () => {
    const place = await usedPlace();
    const child = startChild(place);
    await child.opened;
    await child.kill();
    await killServer(place);
    const { uid, gid } = await stat(clusterOf(place));
    const stranger = spawn('sleep', ['60'], { uid, gid, cwd: '/' });
    children.push(stranger);
    const pidfile = join(clusterOf(place), 'postmaster.pid');
    const rest = (await readFile(pidfile, 'utf8')).split('\n').slice(1);
    await writeFile(pidfile, [stranger.pid, ...rest].join('\n'));
    expect((await open(place)).startedHere).toBe(true);
    expect(stranger.exitCode).toBeNull();
  });

  test('takes the ownership again when only its connection was lost', async () => {
    const place = await usedPlace();
    const handle = await open(place);
    await query(
      handle.connectionString,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'meraki-historian owner%'`,
    );
    await until('it holds the ownership again', () =>
      lines.some((line) => line.includes('holds the ownership of the embedded Postgres again')),
    );
    await expect(open(place)).rejects.toThrow(/already running/);
    await handle.close();
    expect(isRunning(place)).toBe(false);
  });
});
