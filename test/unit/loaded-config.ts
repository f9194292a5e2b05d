import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Config, type Environment, loadConfig } from '../../src/config.ts';
import { ConfigurationError } from '../../src/errors.ts';

export const KEY = '6bec40cf957de430a6f1f2baa056b99a4fac9ea0';

let folder: string | undefined;

/** Where a file of this name is, or would be. */
export function pathOf(name: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'historian-config-'));
  return join(folder, name);
}

/** For test files that make files: hooks belong to one of them. */
export function removeFilesAfterTests(): void {
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
    folder = undefined;
  });
}

export const load = (environment: Environment, needs = { key: true, terminal: false }): Config =>
  loadConfig({ MERAKI_DASHBOARD_API_KEY: KEY, ...environment }, needs);

export function faultsOf(environment: Environment, needs = { key: true, terminal: false }): string {
  try {
    loadConfig(environment, needs);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return '';
}

export function file(name: string, content: string): string {
  const path = pathOf(name);
  writeFileSync(path, content);
  return path;
}
