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
    copy.once('end', resolve);
    copy.once('error', reject);
    connectionOf(tx).query(copy);
  });
  return result.rowCount ?? 0;
}
