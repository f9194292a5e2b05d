/*
 * BI tools guess from names and types: an unbounded numeric becomes text in some of them, a text id that looks like
 * a number loses digits, a time without a zone is shifted. So names decide types, the same in every view.
 */
import type { DescribedColumn, DescribedView } from './described-views.ts';

const ALLOWED = new Set([
  'text',
  'text[]',
  'bigint',
  'integer',
  'double precision',
  'boolean',
  'timestamptz',
  'date',
  'jsonb',
]);

interface NameRule {
  readonly what: string;
  readonly type: string;
  readonly holds: (name: string) => boolean;
}

const COUNTED =
  /(^|_)(deliveries|successes|failures|requests|pages|rows|copies|redirects|errors|repaired|figures)(_|$)|_(2xx|3xx|4xx|429|5xx)$|^no_response$/;

/** The first that holds decides; a name for which none holds may have any allowed type but integer. */
const BY_NAME: readonly NameRule[] = [
  { what: 'a ratio', type: 'double precision', holds: (name) => /(^|_)(ratio|share)(_|$)/.test(name) },
  {
    what: 'an average or a rate',
    type: 'double precision',
    holds: (name) =>
      /_per_|^(mean|p\d\d)_|_rate$|^objective$|_seconds$|^covered_hours$/.test(name) &&
      name !== 'interval_seconds',
  },
  { what: 'an id or key', type: 'text', holds: (name) => /(^|_)(id|key)$/.test(name) },
  {
    what: 'a time',
    type: 'timestamptz',
    holds: (name) => /_(at|from|to|start|end|until|through|deadline)$|^(since|until|deadline)$/.test(name),
  },
  { what: 'a yes or no', type: 'boolean', holds: (name) => /^(is|has)_/.test(name) },
  { what: 'a day', type: 'date', holds: (name) => name === 'date' },
  { what: 'a count', type: 'bigint', holds: (name) => COUNTED.test(name) || /_(sum|max|ms)$/.test(name) },
];

/** Numbers that name something and are never added up. */
const NAMED_NUMBER =
  /(^|_)(response_code|interval_seconds|occurrence|revision|hour_of_day|iso_weekday|iso_week|iso_year|year|quarter|month|day|rank)$/;

/** @returns one line for each column that a tool would take for something else, or that nobody explained */
export function faultsForTools(views: readonly DescribedView[]): readonly string[] {
  return views.flatMap((view) => [
    ...(view.comment === '' ? [`${view.name} has no comment`] : []),
    ...view.columns.flatMap((column) =>
      faultsOf(column).map((fault) => `${view.name}.${column.name} ${fault}`),
    ),
  ]);
}

function faultsOf({ name, type, comment }: DescribedColumn): string[] {
  const faults = comment === '' ? ['has no comment'] : [];
  if (!ALLOWED.has(type)) return [...faults, `is ${type}, which is not among the allowed types`];
  const rule = BY_NAME.find(({ holds }) => holds(name));
  if (rule !== undefined && rule.type !== type) faults.push(`is ${type}, and ${rule.what} is ${rule.type}`);
  if (rule === undefined && type === 'integer' && !NAMED_NUMBER.test(name)) {
    faults.push('is integer, which is for codes, widths, versions, ranks and parts of a date only');
  }
  return faults;
}
