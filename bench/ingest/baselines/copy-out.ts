import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import pg from 'pg';

/** What of pg's connection holding back needs. */
interface CopyConnection {
  readonly stream: { pause(): void; resume(): void };
}

/** `COPY … TO STDOUT`, into a file. */
class CopyOut extends pg.Query {
  readonly #file;
  #isHeldBack = false;

  constructor(statement: string, path: string) {
    super(statement);
    this.#file = createWriteStream(path);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }, { stream }: CopyConnection): void {
    // pg reuses the memory that a chunk lies in.
    if (this.#file.write(Buffer.from(chunk)) || this.#isHeldBack) return;
    this.#isHeldBack = true;
    stream.pause();
    this.#file.once('drain', () => {
      this.#isHeldBack = false;
      stream.resume();
    });
  }

  async close(): Promise<void> {
    this.#file.end();
    await finished(this.#file);
  }
}

/** Writes the rows of a query to a file in Postgres's text format. */
export async function copyOut(url: string, sql: string, path: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const query = new CopyOut(`copy (${sql}) to stdout`, path);
    await new Promise<void>((resolve, reject) => {
      query.once('end', () => resolve());
      query.once('error', reject);
      client.query(query);
    });
    await query.close();
  } finally {
    await client.end();
  }
}
