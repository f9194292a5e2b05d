import type { Moment, Stretch } from '../known-archive/facts.ts';
import type { Known } from '../known-archive/known.ts';
import { dayStart } from '../known-archive/local-time.ts';

/** A figure that is right when it is this near. */
export interface About {
  readonly about: number;
  readonly by: number;
}

export type Value = string | number | boolean | null | About;
export type Row = Readonly<Record<string, Value>>;

/** What the answer to a question has to be. */
export interface Check {
  /** Variables other than those at the top of the cookbook. */
  readonly set?: (known: Known) => Readonly<Record<string, string>>;
  readonly answer: (known: Known, set: Variables) => readonly Row[];
  /** The answer goes with the moment it is asked at. */
  readonly isOfThePresent?: true;
}

export type Checks = Readonly<Record<string, Check>>;

/** The variables of a question, and what they mean. */
export class Variables {
  readonly values: Readonly<Record<string, string>>;

  constructor(values: Readonly<Record<string, string>>) {
    this.values = values;
  }

  text(name: string): string {
    const value = this.values[name];
    if (value === undefined) throw new Error(`no variable ${name}`);
    return value;
  }

  moment(name: string): Moment {
    const [, date = '', zone] = /^(\d{4}-\d\d-\d\d)(?: (\S+\/\S+))?$/.exec(this.text(name)) ?? [];
    return date === '' ? Date.parse(this.text(name)) : dayStart(date, zone ?? 'UTC');
  }

  get organization(): string {
    return this.text('organization');
  }

  get period(): Stretch {
    return { from: this.moment('from'), to: this.moment('to') };
  }
}

export function iso(moment: Moment): string {
  return new Date(moment).toISOString();
}

/** The figure as `round(figure, decimals)` may give it; null for what is no number. */
export function rounded(figure: number | null, decimals = 0): About | null {
  if (figure === null || !Number.isFinite(figure)) return null;
  return { about: figure, by: 0.5 * 10 ** -decimals + 1e-9 * (1 + Math.abs(figure)) };
}

/** A percentile as a histogram may give it. */
export function nearly(figure: number, decimals = 0): About {
  return { about: figure, by: figure * 0.045 + 0.5 * 10 ** -decimals };
}

/** Null where there is nothing to divide by. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** Why a value is not what it has to be; undefined where it is. */
function difference(actual: unknown, expected: Value | undefined): string | undefined {
  const isClose =
    typeof expected === 'object' && expected !== null
      ? typeof actual === 'number' && Math.abs(actual - expected.about) <= expected.by
      : typeof expected === 'number' && typeof actual === 'number'
        ? Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected))
        : actual === expected;
  return isClose ? undefined : `${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`;
}

/** All that is wrong with an answer, in words. */
export function differences(actual: readonly Record<string, unknown>[], expected: readonly Row[]): string[] {
  const wrong: string[] = [];
  if (actual.length !== expected.length) wrong.push(`${actual.length} rows instead of ${expected.length}`);
  for (const [index, row] of expected.entries()) {
    const given = actual[index];
    if (given === undefined) break;
    for (const name of new Set([...Object.keys(row), ...Object.keys(given)])) {
      const found = name in given && name in row ? difference(given[name], row[name]) : 'only on one side';
      if (found !== undefined) wrong.push(`row ${index}, ${name}: ${found}`);
    }
  }
  return wrong;
}
