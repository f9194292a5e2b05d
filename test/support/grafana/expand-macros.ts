const SECOND = 1000;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
  d: 86_400 * SECOND,
  w: 7 * 86_400 * SECOND,
};
const MACRO = /\$([_a-zA-Z0-9]+)\(([^)]*)\)/g;

export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

/** How Grafana fills times without a row: with null, the value before, or a number. */
export interface Fill {
  readonly intervalMs: number;
  readonly value: number | null | 'previous';
}

export interface Expanded {
  readonly sql: string;
  readonly fill: Fill | undefined;
}

/**
 * Expands the macros as Grafana's PostgreSQL source does, without TimescaleDB: `$__interval` first, then whatever looks
 * like `$name(…)` up to the first closing bracket.
 *
 * @throws Error for a macro that the source does not know, since it answers with an error then
 */
export function expandMacros(sql: string, range: TimeRange, intervalMs: number): Expanded {
  const text = sql
    .replaceAll('$__interval_ms', String(intervalMs))
    .replaceAll('$__interval', formatInterval(intervalMs))
    .replaceAll('$__unixEpochFrom()', String(epoch(range.from)))
    .replaceAll('$__unixEpochTo()', String(epoch(range.to)));
  let fill: Fill | undefined;
  const expanded = text.replaceAll(MACRO, (match, name: string, list: string, at: number) => {
    const args = list.split(',').map((arg) => arg.trim());
    if (name.endsWith('Group') || name.endsWith('GroupAlias')) fill = fillOf(args) ?? fill;
    // $__timeGroup with a comma right behind it names its column by itself.
    const isOldStyle = name === '__timeGroup' && text[at + match.length] === ',';
    return evaluate(isOldStyle ? '__timeGroupAlias' : name, args, range);
  });
  return { sql: expanded, fill };
}

function evaluate(name: string, args: readonly string[], range: TimeRange): string {
  const [column = '', interval = ''] = args;
  switch (name) {
    case '__time':
      return `${column} AS "time"`;
    case '__timeEpoch':
      return `extract(epoch from ${column}) as "time"`;
    case '__timeFilter':
      return `${column} BETWEEN '${rfc3339(range.from)}' AND '${rfc3339(range.to)}'`;
    case '__timeFrom':
      return `'${rfc3339(range.from)}'`;
    case '__timeTo':
      return `'${rfc3339(range.to)}'`;
    case '__timeGroup':
      return grouped(`extract(epoch from ${column})`, interval);
    case '__timeGroupAlias':
      return `${grouped(`extract(epoch from ${column})`, interval)} AS "time"`;
    case '__unixEpochFilter':
      return `${column} >= ${epoch(range.from)} AND ${column} <= ${epoch(range.to)}`;
    case '__unixEpochNanoFilter':
      return `${column} >= ${epochNano(range.from)} AND ${column} <= ${epochNano(range.to)}`;
    case '__unixEpochNanoFrom':
      return epochNano(range.from);
    case '__unixEpochNanoTo':
      return epochNano(range.to);
    case '__unixEpochGroup':
      return grouped(`(${column})`, interval);
    case '__unixEpochGroupAlias':
      return `${grouped(`(${column})`, interval)} AS "time"`;
    default:
      throw new Error(`unknown macro "${name}"`);
  }
}

function grouped(seconds: string, interval: string): string {
  const width = parseInterval(interval) / SECOND;
  return `floor(${seconds}/${width})*${width}`;
}

function fillOf([, interval = '', value]: readonly string[]): Fill | undefined {
  if (value === undefined) return undefined;
  const intervalMs = parseInterval(interval);
  if (value === 'NULL') return { intervalMs, value: null };
  if (value === 'previous') return { intervalMs, value };
  if (value === '' || Number.isNaN(Number(value))) throw new Error(`error parsing fill value ${value}`);
  return { intervalMs, value: Number(value) };
}

/** Milliseconds of `10m`, `'1h'` or `1d`. Grafana also knows M and y, whose length depends on the day. */
function parseInterval(text: string): number {
  const [, count = '', unit = ''] = /^'?(\d+)(ms|[smhdw])'?$/.exec(text) ?? [];
  const width = UNIT_MS[unit];
  if (width === undefined) throw new Error(`error parsing interval ${text}`);
  return Number(count) * width;
}

function formatInterval(intervalMs: number): string {
  for (const unit of ['d', 'h', 'm', 's']) {
    const width = UNIT_MS[unit] ?? 1;
    if (intervalMs >= width) return `${Math.floor(intervalMs / width)}${unit}`;
  }
  return `${Math.max(1, intervalMs)}ms`;
}

const epoch = (date: Date): number => Math.floor(date.getTime() / SECOND);
const epochNano = (date: Date): string => `${BigInt(date.getTime()) * 1_000_000n}`;

/** Go's RFC3339Nano: without zeros at the end of the fraction. */
const rfc3339 = (date: Date): string => date.toISOString().replace(/\.?0+Z$/, 'Z');
