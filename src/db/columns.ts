import { bigint, customType, text, timestamp } from 'drizzle-orm/pg-core';

/** A `timestamptz` as Postgres writes it: a `Date` would drop the microseconds. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'string' });
export const count = (name: string) => bigint(name, { mode: 'number' });
/** 64-bit hashes do not fit a double. */
export const hash = (name: string) => bigint(name, { mode: 'bigint' });
/** Written and read as text; `multirange.ts` has the codec. */
export const multirange = customType<{ data: string; driverData: string }>({
  dataType: () => 'tstzmultirange',
});
export const textArray = (name: string) => text(name).array();

// A column belongs to its table, so that each call makes a new one.

export const bucketEnd = () => ({ bucketEnd: instant('bucket_end').notNull() });
export const updatedAt = () => ({ updatedAt: instant('updated_at').notNull() });
