import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Mutation, mutate } from './mutation.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The repository as it stands, uncommitted changes included, in a directory of its own. */
export class RepositoryCopy {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<RepositoryCopy> {
    const copy = new RepositoryCopy(await mkdtemp(join(tmpdir(), 'historian-mutation-')));
    for (const file of await filesOfRepository()) await cp(join(ROOT, file), join(copy.path, file));
    await symlink(join(ROOT, 'node_modules'), join(copy.path, 'node_modules'));
    return copy;
  }

  async apply(mutation: Mutation): Promise<void> {
    const file = join(this.path, mutation.file);
    await writeFile(file, mutate(await readFile(file, 'utf8'), mutation));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

async function filesOfRepository(): Promise<readonly string[]> {
  const listing = await promisify(execFile)(
    'git',
    [
      'ls-files',
      '-z',
      '--cached',
      '--others',
      '--exclude-standard',
      'src',
      'test',
      'migrations',
      'docs',
      '*.json',
      '*.ts',
    ],
    { cwd: ROOT },
  );
  return listing.stdout.split('\0').filter((file) => file !== '');
}
