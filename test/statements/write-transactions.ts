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
  for (const { connection, text, values } of issued) {
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
        if (organization !== undefined) written.organizations.add(organizationOf(organization, values));
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
