import { appendFile, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, run } from '../../../src/db/embedded/process.ts';

const MAX_CONNECTIONS = 48;

export interface ClusterOptions {
  /** Directory of `initdb`. */
  readonly programs: string;
  /** Whom the cluster belongs to; `undefined`: whoever this is. */
  readonly account: Account | undefined;
  /** Does not exist yet. */
  readonly directory: string;
  readonly port: number;
  /** Of the superuser `postgres`. */
  readonly password: string;
}

export function clusterIn(directory: string): string {
  return join(directory, 'cluster');
}

/** Makes a cluster with everything that keeps data safe left on, and few connections. */
export async function makeCluster(options: ClusterOptions): Promise<void> {
  const { programs, account, directory, port, password } = options;
  const cluster = clusterIn(directory);
  const passwordFile = join(directory, 'password');
  await mkdir(directory, { mode: 0o755 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account !== undefined) {
    await chown(directory, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  const settings = '-U postgres -A scram-sha-256 -E UTF8 --locale=C --data-checksums'.split(' ');
  const outcome = await run(
    join(programs, 'initdb'),
    ['-D', cluster, `--pwfile=${passwordFile}`, ...settings],
    { account, cwd: directory },
  );
  if (outcome.code !== 0) throw new Error(`initdb: ${outcome.output}`);
  await appendFile(
    join(cluster, 'postgresql.conf'),
    `
port = ${port}
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = ${MAX_CONNECTIONS}
shared_buffers = '64MB'
log_line_prefix = '%m [%p] %q%u@%d '
`,
  );
}
