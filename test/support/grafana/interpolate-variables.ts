/** What is chosen for each variable: one value, or several where it is a multi-value one. */
export type Selection = ReadonlyMap<string, string | readonly string[]>;

/** `$name`, `[[name]]`, `[[name:format]]`, `${name}` and `${name:format}`. */
const REFERENCE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?::([^}]+))?\}/g;

/**
 * Puts values into a query as a dashboard of Grafana 12 and 13 does before it sends it to the PostgreSQL source. What
 * is no variable is left alone, such as `$__timeFilter`.
 */
export function interpolateVariables(sql: string, selection: Selection): string {
  return sql.replaceAll(REFERENCE, (match, bare, square, squareFormat, braced, bracedFormat) => {
    const value = selection.get(bare ?? square ?? braced);
    return value === undefined ? match : formatted(value, squareFormat ?? bracedFormat);
  });
}

function formatted(value: string | readonly string[], format: string | undefined): string {
  switch (format) {
    case 'sqlstring':
      return all(value).map(sqlString).join(',');
    case 'singlequote':
      return all(value)
        .map((text) => `'${text.replaceAll("'", "\\'")}'`)
        .join(',');
    case 'csv':
    case 'raw':
      return all(value).join(',');
    case undefined:
      // The source's own way: several values are quoted; whether one is depends on Grafana's version.
      if (typeof value === 'string') return value.replaceAll("'", "''");
      return value.map((text) => `'${text.replaceAll("'", "''")}'`).join(',');
    default:
      throw new Error(`the format ${format} is not known here`);
  }
}

const all = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** Grafana also puts a backslash before double quotes, which Postgres takes to the letter. */
const sqlString = (text: string): string => `'${text.replaceAll("'", "''").replaceAll('"', '\\"')}'`;
