import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DAY } from '../known-archive/facts.ts';
import type { OpenArchive } from '../known-archive/open-archive.ts';
import { BI_STATEMENTS } from './bi-statements.ts';
import { rowsRead } from './plan-reads.ts';
import { statementsIn } from './statements.ts';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');

/** Statements of the form that tools send read the time they ask for, and no more. */
export function biToolTests(open: OpenArchive): void {
  describe('what BI tools send', () => {
    const statements = ['power-bi-and-excel.md', 'bi-tools.md'].flatMap((name) =>
      statementsIn(readFileSync(join(DOCS, name), 'utf8'), name),
    );

    test('is all checked', () => {
      expect(statements.map(({ name }) => name)).toEqual(Object.keys(BI_STATEMENTS));
    });

    test.each(statements)('$name', async ({ name, sql }) => {
      const { known, database, reader } = open();
      const check = BI_STATEMENTS[name];
      if (check === undefined) throw new Error('no check');
      const stretch = check.stretch(known);
      const answer = await reader.query<Record<string, unknown>>(sql);
      check.answer(answer.rows, known);

      // A month of this archive is so small that reading all of it can cost less than its index.
      await reader.query('set enable_seqscan = off');
      const read = await rowsRead(reader, sql);
      await reader.query('reset enable_seqscan');
      const tables = [...read.keys()].filter((table) => table.startsWith(check.reads));
      expect(tables.length, 'tables of the kind that is read').toBeGreaterThan(0);
      const rows = tables.reduce((sum, table) => sum + (read.get(table) ?? 0), 0);
      const inside = await database.pool.query<{ rows: number }>(
        `select count(*)::integer as rows from meraki_store.${check.reads}
         where ${check.reads === 'webhook_deliveries' ? 'sent_at' : 'bucket_start'} between $1 and $2`,
        [new Date(stretch.from - DAY), new Date(stretch.to + DAY)],
      );
      expect(rows, `rows of ${check.reads} read`).toBeLessThanOrEqual(inside.rows[0]?.rows ?? 0);
    });
  });
}
