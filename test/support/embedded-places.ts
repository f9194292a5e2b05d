import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { chmod, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../../src/db/embedded/embedded-postgres.ts';
import { createLog } from '../../src/log.ts';
import { buildProgram } from './program.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
export const LINUX = process.platform === 'linux';
/** Opens the place that it is given, and closes it when its standard input ends. */
const CHILD = `import { openEmbeddedPostgres } from './db/embedded/embedded-postgres.js';
import { createLog } from './log.js';
const log = createLog({ level: 'fatal', format: 'json', secrets: [] });
try {
  const handle = await openEmbeddedPostgres({ ...JSON.parse(process.argv[2]), log });
  process.stdout.write(JSON.stringify(handle) + '\\n');
  process.stdin.resume().once('end', () => handle.close());
} catch (error) {
  process.stdout.write(JSON.stringify({ error: error.message }) + '\\n');
}
`;

export interface Place {
  readonly dataDir: string;
  readonly stateDir: string;
  readonly cacheDir: string;
}

const directories: string[] = [];
const handles: EmbeddedPostgres[] = [];
export const children: ChildProcess[] = [];
/** What is logged while a test runs. */
export const lines: string[] = [];
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

export async function temporary(mode: number): Promise<string> {
  const directory = realpathSync(await mkdtemp(join(tmpdir(), 'historian-embedded-')));
  await chmod(directory, mode);
  directories.push(directory);
  return directory;
}

export async function newPlace(name = 'data'): Promise<Place> {
  const base = await temporary(0o755);
  return { dataDir: join(base, name), stateDir: join(base, 'state'), cacheDir: join(base, 'cache') };
}

let seed: Promise<Place> | undefined;

/** Has later places copied from this one, which is closed. */
export function copyFromNowOn(place: Place): void {
  seed ??= Promise.resolve(place);
}

/** A place as a closed historian left it: a copy of one that was made in the usual way, since initdb takes long. */
export async function usedPlace(name?: string): Promise<Place> {
  seed ??= newPlace().then(async (place) => {
    await (await open(place)).close();
    return place;
  });
  const [made, place] = [await seed, await newPlace(name)];
  await promisify(execFile)('cp', ['-a', made.dataDir, place.dataDir]);
  return place;
}

export async function open(place: Place, role: 'owner' | 'guest' = 'owner', binariesDir?: string) {
  const options = binariesDir === undefined ? { ...place, role, log } : { ...place, role, log, binariesDir };
  const handle = await openEmbeddedPostgres(options);
  handles.push(handle);
  return handle;
}

export async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** For what the operating system announces by no event. */
export async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 2_000; attempt += 1) {
    if (await check()) return;
    await delay(5);
  }
  throw new Error(`waited ten seconds in vain until ${what}`);
}

export function clusterOf(place: Place): string {
  return join(realpathSync(join(place.dataDir, 'postgres')), 'cluster');
}

export function postmasterOf(place: Place): number {
  return Number(readFileSync(join(clusterOf(place), 'postmaster.pid'), 'utf8').split('\n')[0]);
}

export function isRunning(place: Place): boolean {
  return existsSync(join(clusterOf(place), 'postmaster.pid'));
}

/** Every process whose working directory is below one of these: Postgres, all of it. */
export function serverProcesses(below: readonly string[]): number[] {
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

export function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended on its own.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export async function killServer(place: Place): Promise<void> {
  const bases = [clusterOf(place)].map(dirname);
  const killed = serverProcesses(bases);
  for (const pid of killed) end(pid);
  await until('the killed server is gone', () => !serverProcesses(bases).some((pid) => killed.includes(pid)));
}

export interface Child {
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
export function startChild(
  place: Place,
  options: { uid?: number; gid?: number; binariesDir?: string } = {},
): Child {
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

/**
 * Has servers, children and directories end with the test or the file they were made in. Call it at the top of a test
 * file: a module is loaded once for all the files that a worker runs, and hooks belong to one of them.
 */
export function endEmbeddedAfterTests(): void {
  beforeAll(async () => {
    compiled = await temporary(0o755);
    await buildProgram();
    // A copy, since the user nobody need not get to the project.
    await cp(join(PROJECT, 'dist'), compiled, { recursive: true });
    await symlink(join(PROJECT, 'node_modules'), join(compiled, 'node_modules'));
    await writeFile(join(compiled, 'package.json'), '{"type":"module"}');
    await writeFile(join(compiled, 'child.mjs'), CHILD);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const handle of handles.splice(0)) await handle.close().catch(() => undefined);
    // Postgres's logger ends a moment after the server that it writes for.
    const gone = () => serverProcesses(directories).length === 0;
    await until('everything has ended', gone).catch(() => undefined);
    const left = serverProcesses(directories);
    for (const pid of left) end(pid);
    lines.length = 0;
    expect(left, 'processes left behind').toEqual([]);
  });

  afterAll(async () => {
    seed = undefined;
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
  });
}
