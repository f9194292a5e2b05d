import type { QueryResult } from 'pg';

const ROWS = 4;

/** The first rows of an answer, drawn as `psql` draws a table. */
export function sampleOf({ fields, rows }: QueryResult<Record<string, unknown>>): string {
  const names = fields.map(({ name }) => name);
  const cells = rows.slice(0, ROWS).map((row) => names.map((name) => written(row[name])));
  const widths = names.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const isNumber = names.map((name) =>
    rows.every((row) => row[name] === null || typeof row[name] === 'number'),
  );
  const line = (row: readonly string[]) =>
    ` ${row.map((cell, n) => (isNumber[n] ? cell.padStart(widths[n] ?? 0) : cell.padEnd(widths[n] ?? 0))).join(' | ')}`.trimEnd();
  const rule = widths.map((width) => '-'.repeat(width + 2)).join('+');
  const more = rows.length > ROWS ? [` … ${rows.length} rows`] : [];
  return `${[line(names), rule, ...cells.map(line), ...more].join('\n')}\n`;
}

/** The names at the top of a sample. */
export function columnsOf(sample: string): string[] {
  return (sample.split('\n')[0] ?? '').split('|').map((name) => name.trim());
}

/** The cookbook with another sample below a question's statement. */
export function withSample(text: string, title: string, sample: string): string {
  const start = text.indexOf(`### ${title}\n`);
  const next = text.slice(start + 4).search(/^#{2,3} /m);
  const end = next < 0 ? text.length : start + 4 + next;
  const section = text
    .slice(start, end)
    .replace(/\n```text\n[\s\S]*?```\n/, '')
    .replace(/(```sql\n[\s\S]*?```\n)/, (block) => `${block}\n\`\`\`text\n${sample}\`\`\`\n`);
  return text.slice(0, start) + section + text.slice(end);
}

function written(value: unknown): string {
  if (value === null) return '';
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(text) ? text.replace('T', ' ').replace(/(\.000)?Z$/, '+00') : text;
}
