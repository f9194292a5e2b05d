import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

export const COOKBOOK = join(import.meta.dirname, '..', '..', 'docs', 'cookbook.md');

/** A question of the cookbook with the statement that answers it. */
export interface Question {
  readonly title: string;
  readonly sql: string;
  /** The printed sample of an answer. */
  readonly sample: string | undefined;
}

export function readCookbook(): string {
  return readFileSync(COOKBOOK, 'utf8');
}

/** Every `### heading` of the text with its first `sql` block, and the `text` block behind that. */
export function questionsIn(text: string): Question[] {
  return text
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const title = section.slice(0, section.indexOf('\n')).trim();
      const blocks = [...(section.split(/^## /m)[0] ?? '').matchAll(/^```(\w+)\n(.*?)^```$/gms)];
      const sql = blocks.filter(([, language]) => language === 'sql').map(([, , body]) => body ?? '');
      if (sql.length !== 1 || sql[0] === undefined) throw new Error(`${title}: ${sql.length} statements`);
      return { title, sql: sql[0], sample: blocks.find(([, language]) => language === 'text')?.[2] };
    });
}

/** The variables that the cookbook sets at its top, as `psql` reads them. */
export function defaultsIn(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/^\\set (\w+) (?:'([^']*)'|(\S+))$/gm)].map(([, name, quoted, bare]) => [
      name,
      quoted ?? bare,
    ]),
  );
}

/** Puts values in place of `:'name'`, as `psql` does. */
export function withVariables(sql: string, values: Readonly<Record<string, string>>): string {
  return sql.replace(/(?<!:):'(\w+)'/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for :'${name}'`);
    return pg.escapeLiteral(value);
  });
}
