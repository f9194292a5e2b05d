import { EmbeddedPostgresError } from '../../errors.ts';
import { type Server, settledPostmaster, startServer } from './server.ts';
import { loadSettings, type Settings, saveReaderPassword, saveSettings } from './settings.ts';

export interface Running {
  /** With the port that the server really listens on. */
  readonly settings: Settings;
  readonly startedHere: boolean;
}

const ATTEMPTS = 5;

/**
 * Sees to it that the server runs, and that the files below DATA_DIR name its port.
 *
 * @throws EmbeddedPostgresError when it does not start.
 */
export async function ensureRunning(server: Server, dataDir: string): Promise<Running> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const { settings } = await loadSettings(dataDir);
    const postmaster = await settledPostmaster(server.home);
    const port = postmaster === undefined ? await startServer(server, settings.port) : postmaster.port;
    if (port === undefined) continue;
    if (port !== settings.port) {
      server.log.warn({ from: settings.port, to: port }, 'the port of the embedded Postgres has changed');
      await saveSettings(dataDir, { ...settings, port });
    }
    const current = { ...settings, port };
    await saveReaderPassword(dataDir, current);
    return { settings: current, startedHere: postmaster === undefined };
  }
  throw new EmbeddedPostgresError(
    `The embedded Postgres in ${server.home.directory} is being started and stopped by other processes. Try again when they are done.`,
    { dataDir },
  );
}
