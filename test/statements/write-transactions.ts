import type { NamedOrganization } from './named-organization.ts';
import type { IssuedStatement } from './record-statements.ts';
import { writesOf } from './statement-rules.ts';
import { parseStatements } from './syntax-tree.ts';

/** What one transaction wrote to distributed tables. */
export interface WriteTransaction {
  /** By value; `?` where a statement's text does not tell. */
  readonly organizations: readonly string[];
  readonly tables: readonly string[];
  /** Whether it dropped partitions, which hold rows of all organizations. */
  readonly drops: boolean;
}

interface OpenTransaction {
  readonly organizations: Set<string>;
  readonly tables: Set<string>;
  drops: boolean;
}

/** The transactions, in the order they ended, that wrote to distributed tables; a statement alone is one of its own. */
export function writeTransactions(
  issued: readonly IssuedStatement[],
  isDistributed: (table: string) => boolean,
): readonly WriteTransaction[] {
  const open = new Map<object, OpenTransaction>();
  const ended: WriteTransaction[] = [];
  const end = (written: OpenTransaction) => {
    if (written.tables.size === 0) return;
    const { organizations, tables, drops } = written;
    ended.push({ organizations: [...organizations], tables: [...tables], drops });
  };
  for (const { connection, text, values, copied } of issued) {
    for (const statement of parseStatements(text)) {
      const verb = statement.kind === 'TransactionStmt' ? String(statement.fields['kind']) : '';
      if (/BEGIN|START/.test(verb)) open.set(connection, newTransaction());
      if (/_(COMMIT|ROLLBACK)$/.test(verb)) {
        const written = open.get(connection);
        open.delete(connection);
        if (written !== undefined && verb.endsWith('COMMIT')) end(written);
      }
      const written = open.get(connection) ?? newTransaction();
      if (statement.kind === 'DropStmt') written.drops = true;
      for (const { table, organization } of writesOf(statement)) {
        if (!isDistributed(table)) continue;
        written.tables.add(table);
        if (organization?.by === 'rows') {
          for (const each of organizationsCopied(copied)) written.organizations.add(each);
        } else if (organization !== undefined) {
          written.organizations.add(organizationOf(organization, values));
        }
      }
      if (!open.has(connection)) end(written);
    }
  }
  return ended;
}

function newTransaction(): OpenTransaction {
  return { organizations: new Set(), tables: new Set(), drops: false };
}

/** Whether a statement is about this program's tables; the queue's own, in Postgres, are no part of the archive. */
export function isOurs(text: string): boolean {
  return (
    /\bmeraki(_store|_ingest)?"?\s*\./.test(text) ||
    /^\s*(begin|commit|rollback|savepoint|release)/i.test(text)
  );
}

function organizationOf(organization: NamedOrganization, values: readonly unknown[]): string {
  if (organization.by === 'constant') return organization.value;
  return organization.by === 'parameter' ? String(values[organization.number - 1]) : '?';
}

/** The first field of each row, as `COPY … (format binary)` has them. */
function organizationsCopied(rows: Buffer | undefined): readonly string[] {
  if (rows === undefined) return ['?'];
  const found = new Set<string>();
  const afterHeader = 15;
  let at = afterHeader + 4 + rows.readInt32BE(afterHeader);
  for (let fields = rows.readInt16BE(at); fields >= 0; fields = rows.readInt16BE(at)) {
    at += 2;
    for (let field = 0; field < fields; field += 1) {
      const length = Math.max(0, rows.readInt32BE(at));
      if (field === 0) found.add(rows.toString('utf8', at + 4, at + 4 + length));
      at += 4 + length;
    }
  }
  return [...found];
}
