import { randomBytes, randomInt } from 'node:crypto';
import { chmod, link, open, readFile, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { EmbeddedPostgresError } from '../../errors.ts';

// Needs quoting neither in SQL nor in a URI nor in a pgpass file.
const PASSWORD = /^[\w-]{16,}$/;

/** What is remembered in `embedded-postgres.json` below DATA_DIR, mode 0600. */
const settingsSchema = z.object({
  port: z.number().int().min(1).max(65_535),
  ownerPassword: z.string().regex(PASSWORD),
  readerPassword: z.string().regex(PASSWORD),
});

export type Settings = Readonly<z.infer<typeof settingsSchema>>;

export const OWNER_ROLE = 'historian';
export const READER_ROLE = 'meraki_reader';
export const DATABASE = 'historian';

export function settingsFile(dataDir: string): string {
  return join(dataDir, 'embedded-postgres.json');
}

export function readerPasswordFile(dataDir: string): string {
  return join(dataDir, 'embedded-postgres.pgpass');
}

/**
 * Reads the settings, or makes new ones with random passwords and a free port. Of two processes that make
 * them at once, both get those of the first.
 *
 * @returns `created`: whether there were none before, so that a cluster cannot know the passwords.
 * @throws EmbeddedPostgresError when the file is there but cannot be understood.
 */
export async function loadSettings(dataDir: string): Promise<{ settings: Settings; created: boolean }> {
  const known = await readSettings(dataDir);
  if (known !== undefined) return { settings: known, created: false };
  const settings: Settings = {
    port: await freePort(),
    ownerPassword: randomBytes(24).toString('base64url'),
    readerPassword: randomBytes(24).toString('base64url'),
  };
  const created = await writeFileWhole(settingsFile(dataDir), toJson(settings), { replace: false });
  return created ? { settings, created } : loadSettings(dataDir);
}

async function readSettings(dataDir: string): Promise<Settings | undefined> {
  const file = settingsFile(dataDir);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
    await chmod(file, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new EmbeddedPostgresError(
      `${file} cannot be read: ${(error as Error).message}. Run as the user that owns DATA_DIR.`,
      { file },
      error,
    );
  }
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new EmbeddedPostgresError(
      `${file} is damaged. Restore it from a backup; or delete it while nothing runs on this DATA_DIR, and new passwords are made at the next start. The archive itself is not in it.`,
      { file },
      error,
    );
  }
}

export async function saveSettings(dataDir: string, settings: Settings): Promise<void> {
  await writeFileWhole(settingsFile(dataDir), toJson(settings), { replace: true });
}

function toJson(settings: Settings): string {
  return `${JSON.stringify(settings, undefined, 2)}\n`;
}

/** Writes the reader's password file in libpq's pgpass format; libpq ignores it unless its mode is 0600. */
export async function saveReaderPassword(dataDir: string, settings: Settings): Promise<void> {
  const file = readerPasswordFile(dataDir);
  const line = `127.0.0.1:${settings.port}:${DATABASE}:${READER_ROLE}:${settings.readerPassword}\n`;
  const present = await readFile(file, 'utf8').catch(() => undefined);
  if (present === line) await chmod(file, 0o600);
  else await writeFileWhole(file, line, { replace: true });
}

/** For in-process use only: it contains the owner's password. */
export function ownerUri(settings: Settings, database = DATABASE): string {
  return `postgresql://${OWNER_ROLE}:${settings.ownerPassword}@127.0.0.1:${settings.port}/${database}`;
}

/** For psql and whatever else uses libpq. Contains no secret, so that it can be printed. */
export function readerUriOf(dataDir: string, settings: Settings): string {
  const file = encodeURIComponent(readerPasswordFile(dataDir)).replace(
    /[!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `postgresql://${READER_ROLE}@127.0.0.1:${settings.port}/${DATABASE}?passfile=${file}`;
}

/** A port nobody listens on, below the range from which systems take the ports of outgoing connections. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(20_000, 30_000);
    if (await isPortFree(port)) return port;
  }
  throw new EmbeddedPostgresError(
    'No free port was found between 20000 and 29999 on 127.0.0.1. Free one, or set DATABASE_URL.',
  );
}

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Writes a file of mode 0600 so that it is there whole or not at all, also after a power cut.
 *
 * @returns false when it was there already and `replace` is not set.
 */
export async function writeFileWhole(
  file: string,
  text: string,
  options: { readonly replace: boolean; readonly owner?: { uid: number; gid: number } | undefined },
): Promise<boolean> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    if (options.owner !== undefined) await handle.chown(options.owner.uid, options.owner.gid);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    if (options.replace) await rename(temporary, file);
    else await link(temporary, file);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST' && !options.replace) return false;
    if (options.replace) throw error;
    // Some network and FAT filesystems have no hard links.
    await rename(temporary, file);
    return true;
  } finally {
    await rm(temporary, { force: true });
  }
}
