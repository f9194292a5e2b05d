import { Refusal } from './refusal.ts';

/** A parsed query string; a name that occurs twice has a list. */
export type Query = Readonly<Record<string, string | string[] | undefined>>;

/** The value of a parameter that may occur once; throws a 400 when it occurs twice. */
export function textOf(query: Query, name: string): string | undefined {
  const value = query[name];
  if (Array.isArray(value)) throw new Refusal(400, `'${name}' must be given once`);
  return value;
}

/** The values of `name[]=…`; throws a 400 for the name without brackets. */
export function listOf(query: Query, name: string): string[] | undefined {
  if (query[name] !== undefined) throw new Refusal(400, `'${name}' must be an array`);
  const value = query[`${name}[]`];
  return typeof value === 'string' ? [value] : value;
}

/** A whole number within the bounds, or the default; throws a 400 for anything else. */
export function countOf(query: Query, name: string, least: number, most: number, otherwise: number): number {
  const text = textOf(query, name);
  if (text === undefined) return otherwise;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Refusal(400, `'${name}' must be an integer between ${least} and ${most}`);
}

/** What is left of a query without the given names, as a query string in the order of the names. */
export function filtersAsText(query: Query, without: readonly string[]): string {
  const filters = new URLSearchParams();
  for (const name of Object.keys(query).filter((one) => !without.includes(one))) {
    for (const value of [query[name] ?? []].flat()) filters.append(name, value);
  }
  filters.sort();
  return filters.toString();
}
