import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Environment } from '../../src/config.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { buildProgram, type Ended, endPrograms, expectPresentable, startProgram } from './program.ts';
import { runHere } from './run-here.ts';

export const KEY = 'key-0123456789abcdef-of-the-test';
export const PASSWORD = 'password-of-the-database';
export const HOURLY = { API_RESPONSES_INTERVAL: '3600' };

export let simulator: Simulator;
/** Refuses: a free port could be taken by a test beside this one. */
export const closedPort = 9;
let directory: string;

/** Has a simulator and a directory for the file that calls it. */
export function setUpCommandLine(): void {
  beforeAll(async () => {
    await buildProgram();
    directory = await mkdtemp(join(tmpdir(), 'historian-command-line-'));
    simulator = await startSimulator({ organizations: 1, rows: 1_000, key: KEY });
  });

  afterAll(async () => {
    await endPrograms();
    await simulator?.stop();
    await rm(directory, { recursive: true, force: true });
  });
}

export function settings(databaseUrl: string): Environment {
  return {
    ...HOURLY,
    MERAKI_DASHBOARD_API_KEY: KEY,
    MERAKI_BASE_URL: simulator.baseUrl,
    DATABASE_URL: databaseUrl,
    DATA_DIR: directory,
    REQUESTS_PER_SECOND: '10',
  };
}

/** In a process of its own. */
export async function start(commandLine: readonly string[], environment: Environment = {}): Promise<Ended> {
  const ended = await startProgram(commandLine, { DATA_DIR: directory, ...environment }).ended;
  expectPresentable(ended, [KEY, PASSWORD]);
  return ended;
}

/** For what a process of its own would add nothing to. */
export async function run(commandLine: readonly string[], environment: Environment = {}): Promise<Ended> {
  const ended = await runHere(commandLine, { DATA_DIR: directory, ...environment });
  expectPresentable(ended, [KEY, PASSWORD]);
  return ended;
}
