import { spawn, spawnSync } from 'node:child_process';
import { parse } from 'node:path';

/** The system user that Postgres runs as when this program is root. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Outcome {
  /** `undefined` when the program could not be started at all or was ended by a signal. */
  readonly code: number | undefined;
  /** Standard output and standard error together, trimmed. */
  readonly output: string;
}

export interface RunOptions {
  /** `undefined`: as the user this program already is. */
  readonly account: Account | undefined;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

const ACCOUNTS_FOR_ROOT = ['postgres', '_postgres', 'nobody', 'daemon'];
/** Children get nothing of our own environment: it holds the API key. The Windows half is untested. */
const CHILD_ENVIRONMENT: Readonly<Record<string, string>> =
  process.platform === 'win32'
    ? { SystemRoot: 'C:\\Windows', TEMP: 'C:\\Windows\\Temp' }
    : { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' };

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The first system user that Postgres can run as instead of root; initdb wants one with a passwd entry. */
export function accountForRoot(): Account | undefined {
  for (const name of ACCOUNTS_FOR_ROOT) {
    const uid = numberFrom('id', ['-u', name]);
    const gid = numberFrom('id', ['-g', name]);
    if (uid !== undefined && gid !== undefined && uid > 0) return { name, uid, gid };
  }
  return undefined;
}

function numberFrom(command: string, args: string[]): number | undefined {
  const answer = spawnSync(command, args, { encoding: 'utf8' });
  const value = Number.parseInt(answer.stdout ?? '', 10);
  return answer.status === 0 && Number.isInteger(value) ? value : undefined;
}

/**
 * Runs a program to its end, never through a shell. It sees almost nothing of this process's environment
 * (which holds the API key, and may hold PGPORT and the like), and Ctrl-C in the terminal does not reach it.
 */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, args, {
      cwd: options.cwd ?? parse(process.cwd()).root,
      env: { ...CHILD_ENVIRONMENT, LC_ALL: 'C', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // On Windows a detached child gets a console window; Ctrl-C there is not handled (untested).
      detached: process.platform !== 'win32',
      windowsHide: true,
      ...(options.account === undefined ? {} : { uid: options.account.uid, gid: options.account.gid }),
    });
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-20_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.once('error', (error) => resolve({ code: undefined, output: `${output}${error.message}`.trim() }));
    child.once('close', (code) => resolve({ code: code ?? undefined, output: output.trim() }));
  });
}

/**
 * Whether the account can enter and write a directory, found out by trying: parent directories, mounts and
 * access lists all have a say. spawn's own `cwd` proves nothing, for it is entered while still root.
 */
export async function canWriteDirectory(directory: string, account: Account | undefined): Promise<boolean> {
  if (process.platform === 'win32') return true;
  const probe = await run('/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', directory], { account });
  return probe.code === 0;
}
