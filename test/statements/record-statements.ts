import pg from 'pg';
import { CopyIn } from '../../src/db/copy-in.ts';

/** A statement as a connection was asked to run it. */
export interface IssuedStatement {
  /** Tells connections apart. */
  readonly connection: object;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Rows of a COPY, as they were sent. */
  readonly copied?: Buffer;
}

interface Asked {
  readonly text?: unknown;
  readonly values?: unknown;
}

/**
 * Records every statement that this process sends to a database from now on, whoever sends it: it stands between all
 * connections of the driver and their callers.
 *
 * @returns what was recorded so far, and how to end it
 */
export function recordStatements(databaseName: string): {
  readonly issued: readonly IssuedStatement[];
  stop(): void;
} {
  const issued: IssuedStatement[] = [];
  const prototype = pg.Client.prototype as unknown as { query: (...given: unknown[]) => unknown };
  const original = prototype.query;
  prototype.query = function record(this: pg.Client, ...given: unknown[]): unknown {
    if (this.database === databaseName) {
      const [asked, more] = given as [string | Asked, unknown];
      const text = typeof asked === 'string' ? asked : asked.text;
      const values = typeof asked === 'string' ? more : (asked.values ?? more);
      issued.push({
        connection: this,
        text: typeof text === 'string' ? text : `-- no text: ${String(asked)}`,
        values: Array.isArray(values) ? values : [],
        ...(asked instanceof CopyIn && { copied: asked.data }),
      });
    }
    return original.apply(this, given);
  };
  return {
    issued,
    stop: () => {
      prototype.query = original;
    },
  };
}
