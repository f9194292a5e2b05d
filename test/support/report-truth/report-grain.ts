/** How the truth is cut into stretches of time: hours of UTC, and local days as the context has them. */
export interface Grain {
  readonly suffix: 'hourly' | 'daily';
  /** Joins deliveries `w` with the stretch they lie in. */
  readonly join: string;
  readonly start: string;
  readonly end: string;
  /** All stretches between the instants `lo` and `hi`, of organization `s.organization_id`, as `t`. */
  stretches(lo: string, hi: string): string;
}

export const GRAINS: readonly Grain[] = [
  {
    suffix: 'hourly',
    join: `cross join lateral (select date_trunc('hour', w.sent_at, 'UTC') as day_start,
      date_trunc('hour', w.sent_at, 'UTC') + interval '1 hour' as day_end) t`,
    start: 't.day_start',
    end: 't.day_end',
    stretches: (lo, hi) => `(
      select h as day_start, h + interval '1 hour' as day_end
      from generate_series(date_trunc('hour', ${lo}, 'UTC'), ${hi} - interval '1 microsecond', interval '1 hour') h
    )`,
  },
  {
    suffix: 'daily',
    join: 'join days t on t.organization_id = w.organization_id and t.date = w.date',
    start: 't.day_start',
    end: 't.day_end',
    stretches: (lo, hi) => `(
      select day_start, day_end from days d
      where d.organization_id = s.organization_id and d.day_end > ${lo} and d.day_start < ${hi}
    )`,
  },
];

/** Seconds of the multirange `set` between two instants. */
export function secondsWithin(set: string, from: string, to: string): string {
  return `coalesce((select sum(extract(epoch from upper(r) - lower(r)))
    from unnest(${set} * tstzmultirange(tstzrange(${from}, ${to}))) r), 0)`;
}

/** Two ways to add up seconds differ in the last digits of a double. */
export function rounded(expression: string): string {
  return `round((${expression})::numeric, 9)`;
}
