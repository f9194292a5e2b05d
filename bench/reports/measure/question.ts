/** For how long back a question asks; `whole`: it names no time. */
export type RangeName = 'day' | 'month' | 'year' | 'whole';
export type Scope = 'largest organization' | 'average organization' | 'all organizations';

/** A query, to be asked for a stretch of time and for one organization or all. */
export interface Question {
  /** A view's name, or a heading of the cookbook. */
  readonly name: string;
  readonly from: 'view' | 'cookbook';
  /** What is fetched: all rows, or what a dashboard asks for where those are too many. */
  readonly fetches: 'all rows' | 'sums' | 'newest 1000' | 'answer';
  readonly scope: Scope;
  readonly range: RangeName;
  readonly sql: string;
}

/** What questions are asked about. Times as Postgres text. */
export interface Subject {
  /** The one with the most deliveries. */
  readonly largest: string;
  /** The one whose number of deliveries is nearest to the mean. */
  readonly average: string;
  readonly to: string;
  readonly fromOf: Readonly<Record<Exclude<RangeName, 'whole'>, string>>;
  /** Values of the cookbook's other parameters. */
  readonly parameters: Readonly<Record<string, string>>;
}

export const RANGES = [
  { name: 'day', days: 1 },
  { name: 'month', days: 30 },
  { name: 'year', days: 365 },
] as const;

export const SCOPES: readonly Scope[] = ['largest organization', 'average organization', 'all organizations'];

export function organizationOf(scope: Exclude<Scope, 'all organizations'>, subject: Subject): string {
  return scope === 'largest organization' ? subject.largest : subject.average;
}
