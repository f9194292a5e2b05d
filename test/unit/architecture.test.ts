import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const SRC = join(dirname(fileURLToPath(import.meta.url)), '../../src');

/** Folders by floor, from the top; imports go down only, and never to a neighbour. */
const FLOORS = [
  ['main.ts'],
  ['commands', 'console'],
  ['jobs', 'streams'],
  ['sync', 'export'],
  ['db', 'meraki'],
  ['words'],
];
const SIMULATOR = 'simulator';

interface Source {
  /** Path below `src/`, with forward slashes. */
  readonly path: string;
  /** Without comments. */
  readonly code: string;
  /** Paths below `src/` of the files it imports. */
  readonly imports: readonly string[];
}

function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_match, quoted: string | undefined) => quoted ?? ' ',
  );
}

/** Static, dynamic, type and side-effect imports, re-exports, and `import('…')` in a type. */
function specifiersOf(code: string): string[] {
  const form = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(["'`])([^"'`\n]+)\1/g;
  return [...code.matchAll(form)].map((match) => match[2] ?? '');
}

function sources(): readonly Source[] {
  return readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => {
      const path = relative(SRC, join(entry.parentPath, entry.name)).split(sep).join('/');
      const code = withoutComments(readFileSync(join(SRC, path), 'utf8'));
      const imports = specifiersOf(code)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(posix.dirname(path), specifier));
      return { path, code, imports };
    });
}

function folderOf(path: string): string {
  const [first, ...rest] = path.split('/');
  if (rest.length > 0) return first ?? '';
  return path === 'main.ts' ? path : 'words';
}

const floorOf = (path: string): number => FLOORS.findIndex((folders) => folders.includes(folderOf(path)));

/** Why `from` may not import `to`, or `undefined`. */
function trespass(from: string, to: string): string | undefined {
  const [here, there] = [folderOf(from), folderOf(to)];
  if (to.startsWith('..')) return undefined;
  if (here === there) return undefined;
  if (here === SIMULATOR) return 'the simulator imports nothing of ours';
  if (there === SIMULATOR) return here === 'commands' ? undefined : 'only commands/ import the simulator';
  if (floorOf(from) < 0 || floorOf(to) < 0) return 'a folder without a floor';
  return floorOf(to) > floorOf(from) ? undefined : 'imports go down only';
}

const all = sources();

test('there are sources, and their imports are found', () => {
  expect(all.length).toBeGreaterThan(50);
  expect(all.find(({ path }) => path === 'sync/plan.ts')?.imports).toEqual(['instant.ts', 'ranges.ts']);
});

test('no signal is made that its sources never forget', () => {
  expect(all.filter(({ code }) => /AbortSignal\s*\.\s*any\b/.test(code)).map(({ path }) => path)).toEqual([]);
});

test('imports go down only', () => {
  const found = all.flatMap(({ path, imports }) =>
    imports.flatMap((to) => {
      const why = trespass(path, to);
      return why === undefined ? [] : [`${path} imports ${to}: ${why}`];
    }),
  );
  expect(found).toEqual([]);
});

test('every folder has a floor', () => {
  const folders = new Set(all.map(({ path }) => folderOf(path)));
  const known = new Set([...FLOORS.flat(), SIMULATOR]);
  expect([...folders].filter((folder) => !known.has(folder))).toEqual([]);
});

test('sources import sources: nothing from outside src/ by path, and by the name of a file that exists', () => {
  const paths = new Set(all.map(({ path }) => path));
  const found = all.flatMap(({ path, imports }) =>
    imports.filter((to) => !paths.has(to)).map((to) => `${path} imports ${to}`),
  );
  expect(found).toEqual([]);
});

test('no file imports itself by way of others', () => {
  const importsOf = new Map(all.map(({ path, imports }) => [path, imports]));
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' > '));
      return;
    }
    state.set(path, 'open');
    for (const next of importsOf.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, 'done');
  };
  for (const { path } of all) visit(path, []);
  expect(cycles).toEqual([]);
});

test('only main.ts knows the environment, the arguments, exits and signals', () => {
  const known =
    /\bprocess\s*\??\.\s*(?:env|argv|exit|on)\b|\bprocess\s*\[|import\s*\{[^}]*\b(?:env|argv|exit|on)\b[^}]*\}\s*from\s*['"](?:node:)?process['"]/;
  const found = all.filter(({ path, code }) => path !== 'main.ts' && known.test(code));
  expect(found.map(({ path }) => path)).toEqual([]);
});

test('no folder or file is a drawer for the rest', () => {
  const drawer = /^(utils?|helpers?|lib|common|types?|misc)(\.[cm]?[jt]s)?$/i;
  const found = all.filter(({ path }) => path.split('/').some((part) => drawer.test(part)));
  expect(found.map(({ path }) => path)).toEqual([]);
});

describe('the rules themselves', () => {
  test.each([
    ['db/streams.ts', 'meraki/client.ts'],
    ['meraki/client.ts', 'db/streams.ts'],
    ['db/coverage.ts', 'sync/resolution.ts'],
    ['jobs/queue-store.ts', 'streams/hash.ts'],
    ['streams/hash.ts', 'jobs/jobs.ts'],
    ['commands/start.ts', 'console/console.ts'],
    ['export/export-view.ts', 'sync/plan.ts'],
    ['export/csv.ts', 'commands/output.ts'],
    ['instant.ts', 'db/database.ts'],
    ['config.ts', 'main.ts'],
    ['commands/start.ts', 'main.ts'],
    ['simulator/simulator.ts', 'instant.ts'],
    ['streams/hash.ts', 'simulator/simulator.ts'],
    ['main.ts', 'simulator/simulator.ts'],
    ['cellar/new.ts', 'instant.ts'],
  ])('%s may not import %s', (from, to) => {
    expect(trespass(from, to)).toBeDefined();
  });

  test.each([
    ['main.ts', 'commands/start.ts'],
    ['commands/demo.ts', 'simulator/simulator.ts'],
    ['commands/start.ts', 'meraki/client.ts'],
    ['jobs/sync-jobs.ts', 'sync/run-lane.ts'],
    ['sync/plan.ts', 'ranges.ts'],
    ['db/embedded/server.ts', 'db/database.ts'],
    ['console/console.ts', 'export/export-view.ts'],
    ['export/export-view.ts', 'db/snapshot.ts'],
    ['simulator/server/server.ts', 'simulator/moment.ts'],
    ['ranges.ts', 'instant.ts'],
  ])('%s may import %s', (from, to) => {
    expect(trespass(from, to)).toBeUndefined();
  });

  test('every form of import is seen, none in a comment', () => {
    const code = withoutComments(`
      import a from './a.ts'; import type { B } from "./b.ts"; import './c.ts';
      export * from './d.ts'; export type { E } from './e.ts'; const f = await import('./f.ts');
      type G = import('./g.ts').G; import {
        h,
      } from './h.ts'; // import './no.ts'
      /* import './never.ts' */ const url = 'https://x'; import i from './i.ts';`);
    expect(specifiersOf(code)).toEqual([...'abcdefghi'].map((name) => `./${name}.ts`));
  });
});
