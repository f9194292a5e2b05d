/**
 * Rows of the webhook log as nobody documented them. The first eight alterations leave nothing that could be
 * stored as a delivery, the others do: a reader has to understand them.
 */
import { formatMicrosecond, HOUR, parseMoment, SECOND } from '../moment.ts';
import type { Random } from '../random.ts';
import type { Delivery } from '../world/delivery.ts';

export const unreadableAlterations = [
  'missing_field',
  'null_field',
  'odd_type',
  'nul',
  'surrogate',
  'bad_timestamp',
  'far_past',
  'far_future',
] as const;
export const readableAlterations = [
  'unknown_field',
  'long_string',
  'offset_timestamp',
  'short_fraction',
] as const;
export const rowAlterations = [...unreadableAlterations, ...readableAlterations] as const;

export type RowAlteration = (typeof rowAlterations)[number];

export interface AlteredRow {
  /** The row as it is sent. */
  readonly text: string;
  /** What an archive must make of it, timestamps in canonical form; undefined where it can make nothing. */
  readonly delivery: Delivery | undefined;
}

const FIELDS = [
  'organizationId',
  'networkId',
  'alertType',
  'url',
  'sentAt',
  'loggedAt',
  'responseCode',
  'responseDuration',
] as const;
const TEXTS = ['networkId', 'alertType', 'url'] as const;
const TIMES = ['sentAt', 'loggedAt'] as const;

export function alterRow(kind: RowAlteration, row: Delivery, random: Random): AlteredRow {
  switch (kind) {
    case 'missing_field': {
      const dropped = random.pick(FIELDS);
      return unreadable(Object.fromEntries(Object.entries(row).filter(([name]) => name !== dropped)));
    }
    case 'null_field':
      return unreadable({ ...row, [random.pick(FIELDS)]: null });
    case 'odd_type': {
      const field = random.pick(FIELDS);
      const value = row[field];
      const odd = typeof value === 'number' ? [String(value), value + 0.5, 2 ** 40, true] : [42, [value], {}];
      return unreadable({ ...row, [field]: random.pick<unknown>(odd) });
    }
    case 'nul':
    case 'surrogate': {
      const field = random.pick(TEXTS);
      return unreadable({ ...row, [field]: `${row[field]}${kind === 'nul' ? '\0' : '\ud83d'}` });
    }
    case 'bad_timestamp': {
      const field = random.pick(TIMES);
      const bad = ['', 'yesterday', '2026-02-31T00:00:00.000000Z', row[field].slice(0, -1)];
      return unreadable({ ...row, [field]: random.pick(bad) });
    }
    case 'far_past':
      return unreadable({ ...row, ...elsewhen(random, ['0001-01-01', '1970-01-01']) });
    case 'far_future':
      return unreadable({ ...row, ...elsewhen(random, ['9999-12-31', '2199-01-01']) });
    case 'unknown_field': {
      const more = { ...row, httpServer: { name: 'Ops – été', retries: random.integer(5) } };
      return { text: JSON.stringify(more), delivery: more };
    }
    case 'long_string': {
      const long = { ...row, url: `${row.url}/${'long/'.repeat(20_000)}` };
      return { text: JSON.stringify(long), delivery: long };
    }
    case 'offset_timestamp': {
      const text = { ...row, sentAt: withOffset(row.sentAt), loggedAt: withOffset(row.loggedAt) };
      return { text: JSON.stringify(text), delivery: row };
    }
    case 'short_fraction': {
      const step = random.pick([SECOND, SECOND / 10, SECOND / 1_000]);
      const loggedAt = formatMicrosecond(Math.ceil(momentOf(row.loggedAt) / step) * step);
      const text = { ...row, sentAt: shortened(row.sentAt), loggedAt: shortened(loggedAt) };
      return { text: JSON.stringify(text), delivery: { ...row, loggedAt } };
    }
  }
}

function unreadable(row: unknown): AlteredRow {
  return { text: JSON.stringify(row), delivery: undefined };
}

/** The first day is no time at all for most clocks; the second is one, and far from when anybody asked. */
function elsewhen(random: Random, [never, hardly]: readonly [string, string]) {
  const time = 'T00:00:00.000001Z';
  return random.pick([
    { sentAt: `${never}${time}` },
    { sentAt: `${hardly}${time}` },
    { loggedAt: `${never}${time}` },
  ]);
}

function momentOf(text: string): number {
  return parseMoment(text) ?? 0;
}

function withOffset(text: string): string {
  return formatMicrosecond(momentOf(text) + 2 * HOUR).replace('Z', '+02:00');
}

function shortened(text: string): string {
  return text.replace(/\.?0*Z$/, 'Z');
}
