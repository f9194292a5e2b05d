import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/db/embedded/embedded-postgres.ts';
import { EmbeddedPostgresError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { buildProgram } from '../support/program.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const ROOT = process.getuid?.() === 0;
const LINUX = process.platform === 'linux';
const psql = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']
  .map((path) => join(path, 'psql'))
  .find(existsSync);
const NOBODY = ROOT ? { uid: idOf('-u', 'nobody'), gid: idOf('-g', 'nobody') } : {};
const INSTALLED = join(
  dirname(createRequire(import.meta.url).resolve('embedded-postgres')),
  ...['..', '..', '@embedded-postgres'],
  `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`,
  'native',
);

function idOf(flag: string, name: string): number {
  return Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
}

interface Place {
  readonly dataDir: string;
  readonly stateDir: string;
  readonly cacheDir: string;
}

const directories: string[] = [];
const handles: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];
let lines: string[] = [];
let compiled = '';

const log = createLog(
  { level: 'debug', format: 'json', secrets: [] },
  new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  }),
);

async function temporary(mode: number): Promise<string> {
  const directory = realpathSync(await mkdtemp(join(tmpdir(), 'historian-embedded-')));
  await chmod(directory, mode);
  directories.push(directory);
  return directory;
}

async function newPlace(name = 'data'): Promise<Place> {
  const base = await temporary(0o755);
  return { dataDir: join(base, name), stateDir: join(base, 'state'), cacheDir: join(base, 'cache') };
}

let seed: Promise<Place> | undefined;

/** A place as a closed historian left it: a copy of one that was made in the usual way, since initdb takes long. */
async function usedPlace(name?: string): Promise<Place> {
  seed ??= newPlace().then(async (place) => {
    await (await open(place)).close();
    return place;
  });
  const [made, place] = [await seed, await newPlace(name)];
  await promisify(execFile)('cp', ['-a', made.dataDir, place.dataDir]);
  return place;
}

async function open(place: Place, role: 'owner' | 'guest' = 'owner', binariesDir?: string) {
  const options = binariesDir === undefined ? { ...place, role, log } : { ...place, role, log, binariesDir };
  const handle = await openEmbeddedPostgres(options);
  handles.push(handle);
  return handle;
}

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** For what the operating system announces by no event. */
async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 2_000; attempt += 1) {
    if (await check()) return;
    await delay(5);
  }
  throw new Error(`waited ten seconds in vain until ${what}`);
}

function clusterOf(place: Place): string {
  return join(realpathSync(join(place.dataDir, 'postgres')), 'cluster');
}

function postmasterOf(place: Place): number {
  return Number(readFileSync(join(clusterOf(place), 'postmaster.pid'), 'utf8').split('\n')[0]);
}

function isRunning(place: Place): boolean {
  return existsSync(join(clusterOf(place), 'postmaster.pid'));
}

/** Every process whose working directory is below one of this file's directories: Postgres, all of it. */
function serverProcesses(below: readonly string[]): number[] {
  if (!LINUX) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const directory = readlinkSync(`/proc/${pid}/cwd`);
        return below.some((base) => directory.startsWith(`${base}/`));
      } catch {
        return false;
      }
    });
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended on its own.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function killServer(place: Place): Promise<void> {
  const bases = [clusterOf(place)].map(dirname);
  const killed = serverProcesses(bases);
  for (const pid of killed) end(pid);
  await until('the killed server is gone', () => !serverProcesses(bases).some((pid) => killed.includes(pid)));
}

interface Child {
  readonly process: ChildProcess;
  /** What the opened handle says, or the error's message. */
  readonly opened: Promise<{
    startedHere?: boolean;
    readerUri?: string;
    connectionString?: string;
    error?: string;
  }>;
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** Another Node process that opens the same place; it closes when its standard input ends. */
function startChild(place: Place, options: { uid?: number; gid?: number; binariesDir?: string } = {}): Child {
  const { uid, gid, ...more } = options;
  const child = spawn(
    process.execPath,
    [join(compiled, 'child.mjs'), JSON.stringify({ role: 'owner', ...place, ...more })],
    {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'inherit'],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    },
  );
  children.push(child);
  const exited = once(child, 'exit');
  const answered = once(createInterface({ input: child.stdout }), 'line').then(([line]) => JSON.parse(line));
  const failed = exited.then(() => {
    throw new Error('the child ended without an answer');
  });
  return {
    process: child,
    opened: Promise.race([answered, failed]),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

beforeAll(async () => {
  compiled = await temporary(0o755);
  await buildProgram();
  // A copy, since the user nobody need not get to the project.
  await cp(join(PROJECT, 'dist'), compiled, { recursive: true });
  await symlink(join(PROJECT, 'node_modules'), join(compiled, 'node_modules'));
  await writeFile(join(compiled, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(compiled, 'child.mjs'),
    `import { openEmbeddedPostgres } from './db/embedded/embedded-postgres.js';
import { createLog } from './log.js';
const log = createLog({ level: 'fatal', format: 'json', secrets: [] });
try {
  const handle = await openEmbeddedPostgres({ ...JSON.parse(process.argv[2]), log });
  process.stdout.write(JSON.stringify(handle) + '\\n');
  process.stdin.resume().once('end', () => handle.close());
} catch (error) {
  process.stdout.write(JSON.stringify({ error: error.message }) + '\\n');
}
`,
  );
}, 60_000);

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const handle of handles.splice(0)) await handle.close().catch(() => undefined);
  // Postgres's logger ends a moment after the server that it writes for.
  const gone = () => serverProcesses(directories).length === 0;
  await until('everything has ended', gone).catch(() => undefined);
  const left = serverProcesses(directories);
  for (const pid of left) end(pid);
  lines = [];
  expect(left, 'processes left behind').toEqual([]);
}, 60_000);

afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

describe('the embedded Postgres', { timeout: 60_000 }, () => {
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
    seed ??= Promise.resolve(place);
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

describe('a guest of the embedded Postgres', { timeout: 60_000 }, () => {
  test('visits beside an owner and leaves the server alone', async () => {
    const place = await usedPlace();
    const owner = await open(place);
    const guest = await open(place, 'guest');
    expect(guest.startedHere).toBe(false);
    await query(guest.connectionString, 'select 1');
    await guest.close();
    await query(owner.connectionString, 'select 1');
  });

  test('alone, starts the server and stops it', async () => {
    const place = await usedPlace();
    const guest = await open(place, 'guest');
    expect(guest.startedHere).toBe(true);
    await guest.close();
    expect(isRunning(place)).toBe(false);
  });

  test('leaves the server it started to an owner that came since', async () => {
    const place = await usedPlace();
    const guest = await open(place, 'guest');
    const owner = await open(place);
    await guest.close();
    await query(owner.connectionString, 'select 1');
    await owner.close();
    expect(isRunning(place)).toBe(false);
  });

  test('leaves the server it started to other guests; the last one stops it', async () => {
    const place = await usedPlace();
    const first = await open(place, 'guest');
    const second = await open(place, 'guest');
    await first.close();
    await query(second.connectionString, 'select 1');
    await second.close();
    expect(isRunning(place)).toBe(false);
  });

  test('leaves the server of a killed owner running', async () => {
    const place = await usedPlace();
    const child = startChild(place);
    await child.opened;
    await child.kill();
    await (await open(place, 'guest')).close();
    expect(isRunning(place)).toBe(true);
    await (await open(place)).close();
  });

  test('several at once on an empty directory, with an owner: one cluster, everybody in, nothing left', async () => {
    const place = await newPlace();
    const all = await Promise.all([
      open(place, 'guest'),
      open(place),
      open(place, 'guest'),
      open(place, 'guest'),
    ]);
    for (const handle of all) await query(handle.connectionString, 'select 1');
    expect(new Set(all.map((handle) => handle.connectionString)).size).toBe(1);
    await Promise.all(all.map((handle) => handle.close()));
    expect(isRunning(place)).toBe(false);
  });

  test('and an owner that comes while the last guest leaves finds a server', async () => {
    const place = await usedPlace();
    for (let round = 0; round < 3; round += 1) {
      const guest = await open(place, 'guest');
      const [owner] = await Promise.all([open(place), guest.close()]);
      await query(owner.connectionString, 'select 1');
      await owner.close();
      expect(isRunning(place)).toBe(false);
    }
  });

  test('is refused while the server lives in another container, and let in once that is dead', async () => {
    const place = await usedPlace();
    const owner = await open(place);
    const mark = join(place.dataDir, 'embedded-postgres.running');
    await writeFile(mark, 'otherhost\nboot\npid:[1]\n');
    await expect(open(place, 'guest')).rejects.toThrow(/another container or machine \(host otherhost\)/);
    await owner.close();
    expect(existsSync(mark)).toBe(false);
    await writeFile(mark, 'otherhost\nboot\npid:[1]\n');
    await writeFile(join(clusterOf(place), 'postmaster.pid'), '999999999\n');
    let waited = 0;
    const { sleep } = systemClock;
    vi.spyOn(systemClock, 'sleep').mockImplementation((milliseconds, signal) => {
      waited += milliseconds;
      return sleep(1, signal);
    });
    try {
      expect((await open(place, 'guest')).startedHere).toBe(true);
    } finally {
      vi.restoreAllMocks();
    }
    // Five beats of a holder that lives.
    expect(waited).toBeGreaterThanOrEqual(10_000);
  });
});

describe('the binaries of the embedded Postgres', { timeout: 60_000 }, () => {
  test('run from a copy when npm did not run their install script; a damaged copy is mended', async () => {
    const place = await newPlace();
    const binaries = await binariesWithoutLinks();
    await (await open(place, 'owner', binaries)).close();
    const [copy = ''] = await readdir(place.cacheDir);
    expect(copy).toMatch(/^postgres-unknown-[0-9a-f]{12}$/);
    await truncate(join(place.cacheDir, copy, 'bin', 'initdb'), 100);
    const untouched = (await stat(join(place.cacheDir, copy, 'bin', 'postgres'))).ino;
    await (await open(place, 'owner', binaries)).close();
    expect(await readdir(place.cacheDir)).toEqual([copy]);
    expect((await stat(join(place.cacheDir, copy, 'bin', 'postgres'))).ino).not.toBe(untouched);
    const mended = (await stat(join(place.cacheDir, copy, 'bin', 'postgres'))).ino;
    await (await open(place, 'owner', binaries)).close();
    expect((await stat(join(place.cacheDir, copy, 'bin', 'postgres'))).ino).toBe(mended);
    expect(lines.filter((line) => line.includes('; copied'))).toHaveLength(2);
  });

  test('run although npm lost their executable bits', async () => {
    const place = await usedPlace();
    const binaries = await copyOfBinaries(await temporary(0o755));
    for (const name of await readdir(join(binaries, 'bin'))) await chmod(join(binaries, 'bin', name), 0o644);
    await open(place, 'owner', binaries);
    expect(existsSync(place.cacheDir)).toBe(false);
  });
});

async function copyOfBinaries(directory: string): Promise<string> {
  const native = join(directory, 'native');
  await cp(INSTALLED, native, { recursive: true, verbatimSymlinks: true });
  return native;
}

let withoutLinks: Promise<string> | undefined;

/** As npm leaves them when it runs no install scripts. Tests share the copy: nobody writes to it. */
function binariesWithoutLinks(): Promise<string> {
  withoutLinks ??= temporary(0o755).then(copyOfBinaries).then(removeLinks);
  return withoutLinks;
}

async function removeLinks(native: string): Promise<string> {
  for (const entry of await readdir(native, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(join(entry.parentPath, entry.name));
  }
  return native;
}

describe.skipIf(!ROOT)(
  'the embedded Postgres started by root (skipped unless the tests run as root)',
  {
    timeout: 60_000,
  },
  () => {
    test('runs as another user, with the cluster below DATA_DIR where that user can enter', async () => {
      const place = await newPlace();
      await open(place);
      expect((await lstat(join(place.dataDir, 'postgres'))).isDirectory()).toBe(true);
      expect((await stat(join(place.dataDir, 'postgres'))).uid).not.toBe(0);
      expect((await stat(join(place.dataDir, 'embedded-postgres.json'))).uid).toBe(0);
      expect((await stat(`/proc/${postmasterOf(place)}`)).uid).not.toBe(0);
      expect(existsSync(place.stateDir)).toBe(false);
    });

    test('below a directory only root can enter: cluster and binaries elsewhere, with a link, said once', async () => {
      const place = { ...(await newPlace()), dataDir: join(await temporary(0o700), 'my data') };
      const binaries = await copyOfBinaries(await temporary(0o700));
      const first = await open(place, 'owner', binaries);
      await query(first.connectionString, 'create table kept ()');
      const elsewhere = join(place.stateDir, (await readdir(place.stateDir))[0] ?? '');
      expect(realpathSync(join(place.dataDir, 'postgres'))).toBe(elsewhere);
      expect((await stat(elsewhere)).mode & 0o777).toBe(0o700);
      expect((await readdir(place.cacheDir)).length).toBe(1);
      expect(readlinkSync(`/proc/${postmasterOf(place)}/exe`)).toContain(place.cacheDir);
      expect(
        (await readdir(place.dataDir)).filter((name) => name !== 'embedded-postgres.running').sort(),
      ).toEqual(['embedded-postgres.json', 'embedded-postgres.pgpass', 'postgres']);
      await first.close();
      const second = await open(place, 'owner', binaries);
      await query(second.connectionString, 'select from kept');
      expect(lines.filter((line) => line.includes('kept elsewhere'))).toHaveLength(1);
      await second.close();

      await rm(place.dataDir, { recursive: true });
      const third = await open(place, 'owner', binaries);
      await expect(query(third.connectionString, 'select from kept')).rejects.toThrow(/does not exist/);
      expect(existsSync(join(elsewhere, 'cluster', 'PG_VERSION'))).toBe(true);
      expect(lines.some((line) => line.includes('left untouched'))).toBe(true);
    });

    test('refuses a link whose target is not there', async () => {
      const place = await newPlace();
      await mkdir(place.dataDir);
      await symlink('/nonexistent/cluster', join(place.dataDir, 'postgres'));
      await expect(open(place)).rejects.toThrow(/points to a directory that is not there/);
    });
  },
);

describe.skipIf(!ROOT)(
  'the embedded Postgres started by an ordinary user (as nobody; needs root to become it)',
  {
    timeout: 60_000,
  },
  () => {
    test.each([
      ['the binaries as installed, a difficult name', `o'hara "$HOME" \`ü\``, true],
      ['binaries without their links', 'data', false],
    ])(
      'keeps everything below DATA_DIR, and root later keeps to its owner: %s',
      async (_title, name, links) => {
        const base = await temporary(0o755);
        const dataDir = join(base, name);
        await mkdir(dataDir);
        await chown(dataDir, NOBODY.uid ?? 0, NOBODY.gid ?? 0);
        const more: { binariesDir?: string } = links ? {} : { binariesDir: await binariesWithoutLinks() };
        const place = { dataDir, stateDir: join(base, 'state') } as Place;
        const child = startChild(place, { ...NOBODY, ...more });
        const { error, connectionString } = await child.opened;
        expect(error).toBeUndefined();
        await query(connectionString ?? '', 'select 1');
        expect((await stat(`/proc/${postmasterOf(place)}`)).uid).toBe(NOBODY.uid);
        expect(await readdir(base)).toEqual([name]);
        expect(existsSync(join(dataDir, 'postgres-binaries'))).toBe(!links);
        await child.close();
        expect(isRunning(place)).toBe(false);

        // Root keeps to the owner of a cluster that exists.
        const handle = await open({ ...place, cacheDir: join(base, 'cache') }, 'owner', more.binariesDir);
        await query(handle.connectionString, 'select 1');
        expect((await stat(`/proc/${postmasterOf(place)}`)).uid).toBe(NOBODY.uid);
      },
    );

    test('says what to do when DATA_DIR belongs to somebody else', async () => {
      const place = await usedPlace();
      const child = startChild(place, NOBODY);
      expect((await child.opened).error).toMatch(/cannot be read.*Run as the user that owns DATA_DIR/s);
    });
  },
);
