import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { OutputError, UsageError } from '../errors.ts';

/**
 * Lets `write` fill a file that has its name only once it is whole: until then it lies beside, under a name of its
 * own, which is taken away when writing fails. A pipe or a device is written to as it is.
 *
 * @throws {OutputError | UsageError}
 */
export async function writeWholeFile<T>(path: string, write: (stream: Writable) => Promise<T>): Promise<T> {
  const found = await refusing(path, stat(path).catch(unlessMissing));
  if (found?.isDirectory()) throw new UsageError(`${path} is a directory: name a file in it.`);
  if (found !== undefined && !found.isFile()) {
    return withStream(await refusing(path, open(path, 'w')), write);
  }
  // A link stays: what it points to is written.
  const target = found === undefined ? path : await refusing(path, realpath(path));
  const partial = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}.partial`);
  const handle = await refusing(path, open(partial, 'wx'));
  try {
    const result = await withStream(handle, async (stream) => {
      // Before there is anything in it.
      if (found !== undefined) await refusing(path, handle.chmod(found.mode & 0o777));
      const written = await write(stream);
      await refusing(path, handle.sync());
      return written;
    });
    await refusing(path, rename(partial, target));
    return result;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function withStream<T>(handle: FileHandle, write: (stream: Writable) => Promise<T>): Promise<T> {
  const stream = createWriteStream('', { fd: handle, autoClose: false });
  stream.on('error', () => undefined);
  try {
    return await write(stream);
  } finally {
    stream.destroy();
    await handle.close();
  }
}

async function refusing<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new OutputError(`${path} cannot be written: ${message}`, { code }, error);
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
