import pg from 'pg';
import { connectionOf, type Transaction } from './database.ts';

/** What of pg's connection a COPY needs. */
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** A `COPY … FROM STDIN` of rows that are all here. */
export class CopyIn extends pg.Query {
  /** Rows in the form that the statement names. */
  readonly data: Buffer;
  /** What pg tells how it ended. Of its events, that of an error is left out where the URL names a `query_timeout`. */
  callback: ((error: Error | null, result: pg.QueryResult) => void) | undefined;

  constructor(statement: string, data: Buffer) {
    super(statement);
    this.data = data;
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.data);
    connection.endCopyFrom();
  }
}

/** Runs `copy` as part of a transaction. @returns how many rows were stored */
export async function copyIn(tx: Transaction, copy: CopyIn): Promise<number> {
  const result = await new Promise<pg.QueryResult>((resolve, reject) => {
    copy.callback = (error, ended) => (error === null ? resolve(ended) : reject(error));
    connectionOf(tx).query(copy);
  });
  return result.rowCount ?? 0;
}
