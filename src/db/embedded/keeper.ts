import type { Client } from 'pg';
import { systemClock } from '../../clock.ts';
import { EmbeddedPostgresError } from '../../errors.ts';
import { pruneLogs, type Server, settledPostmaster, startServer, stopServer } from './server.ts';
import { connectSession, isLastCaretaker, joinCaretakers, takeOwnership } from './session.ts';
import type { Settings } from './settings.ts';

export interface Held {
  readonly session: Client;
  readonly server: Server;
  readonly settings: Settings;
  readonly dataDir: string;
}

type Close = () => Promise<void>;

/** An attempt that may do better a moment later: a dying server holds its memory for a while. */
class ServerNotStartedError extends EmbeddedPostgresError {}

const PRUNE_MILLISECONDS = 3_600_000;
const REGAIN_ATTEMPTS = 60;

/**
 * Keeps the owner's session for as long as the owner lives. When it is lost, that is logged, the server is started
 * again where it died, on the port that everybody knows, and the ownership is taken again.
 *
 * @returns what closes: stops the server, unless it is gone or another owner's by then.
 */
export function keepOwner(held: Held): Close {
  const { server, settings, dataDir } = held;
  const { log } = server;
  let session: Client | undefined;
  let closing: Promise<void> | undefined;
  let regaining: Promise<void> = Promise.resolve();

  const watch = (client: Client): void => {
    session = client;
    client.once('end', () => {
      session = undefined;
      if (closing !== undefined) return;
      log.error({ dataDir }, 'lost the connection that holds the ownership of the embedded Postgres');
      regaining = regain();
    });
  };

  const startAgain = async (): Promise<void> => {
    if ((await settledPostmaster(server.home)) !== undefined) return;
    const port = await startServer(server, settings.port).catch(() => undefined);
    if (port === settings.port) log.warn({ dataDir }, 'the embedded Postgres had died; started it again');
    else throw new ServerNotStartedError('The embedded Postgres did not start again on its port.', { port });
  };

  const regain = async (): Promise<void> => {
    for (let attempt = 1; attempt <= REGAIN_ATTEMPTS && closing === undefined; attempt += 1) {
      await systemClock.sleep(250);
      try {
        await startAgain();
        const client = await openAsOwner(settings, dataDir);
        watch(client);
        log.info({ dataDir }, 'holds the ownership of the embedded Postgres again');
        return;
      } catch (error) {
        if (!(error instanceof EmbeddedPostgresError) || error instanceof ServerNotStartedError) continue;
        log.error({ err: error }, 'another historian owns the embedded Postgres now; stop one of the two');
        return;
      }
    }
    if (closing === undefined)
      log.error({ dataDir }, 'the embedded Postgres is gone; start this program again');
  };

  watch(held.session);
  const pruning = setInterval(() => void pruneLogs(server.home).catch(() => undefined), PRUNE_MILLISECONDS);
  pruning.unref();

  const close = async (): Promise<void> => {
    clearInterval(pruning);
    await regaining;
    const last = session ?? (await openAsOwner(settings, dataDir).catch(() => undefined));
    if (last === undefined) {
      log.warn({ dataDir }, 'the embedded Postgres is gone or owned by another historian; it is not stopped');
      return;
    }
    await stopServer(server);
    await last.end().catch(() => undefined);
  };
  return () => {
    closing ??= close();
    return closing;
  };
}

async function openAsOwner(settings: Settings, dataDir: string): Promise<Client> {
  const client = await connectSession(settings, 'owner');
  try {
    await takeOwnership(client, dataDir);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

/** @returns what closes: stops the server when a guest started it, no other guest needs it and nobody owns it. */
export async function keepGuest(held: Held, startedHere: boolean): Promise<Close> {
  const { session, server } = held;
  const caretaker = await joinCaretakers(session, startedHere);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    try {
      if (caretaker && (await isLastCaretaker(session))) await stopServer(server);
    } catch (error) {
      if (error instanceof EmbeddedPostgresError) throw error;
      server.log.debug({ err: error }, 'the embedded Postgres was gone before its guest left');
    } finally {
      await session.end().catch(() => undefined);
    }
  };
  return () => {
    closing ??= close();
    return closing;
  };
}
