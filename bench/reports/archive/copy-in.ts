import { once } from 'node:events';
import pg from 'pg';

/** What of pg's connection a COPY needs. */
interface CopyConnection {
  readonly stream: NodeJS.WritableStream & { readonly writableNeedDrain: boolean };
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/** Chunks as they are made; one may be overwritten when the next is asked for. */
export type Chunks = Iterable<Buffer>;

/** `COPY … FROM STDIN`, fed with chunks as fast as the server takes them. */
class CopyIn extends pg.Query {
  readonly #chunks: Chunks;
  #failed = false;

  constructor(statement: string, chunks: Chunks) {
    super(statement);
    this.#chunks = chunks;
    this.once('error', () => {
      this.#failed = true;
    });
  }

  handleCopyInResponse(connection: CopyConnection): void {
    this.#send(connection).catch((error: unknown) => connection.sendCopyFail(String(error)));
  }

  async #send(connection: CopyConnection): Promise<void> {
    for (const chunk of this.#chunks) {
      connection.sendCopyFromChunk(chunk);
      if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
      if (this.#failed) return;
    }
    connection.endCopyFrom();
  }
}

/** Runs one `COPY … FROM STDIN` on a connection that does nothing else meanwhile. */
export function copyIn(client: pg.Client, statement: string, chunks: Chunks): Promise<void> {
  return new Promise((resolve, reject) => {
    const query = new CopyIn(statement, chunks);
    query.once('end', () => resolve());
    query.once('error', reject);
    client.query(query);
  });
}
