import { expect, test } from 'vitest';
import { type Instant, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { isListDue } from '../../src/jobs/network-watch.ts';

const HOUR = instantOfSeconds(3_600);
const DAY = 24 * HOUR;
const NOON = parseInstant('2026-03-01T12:00:00Z') ?? 0;
const ORGANIZATIONS = Array.from({ length: 240 }, (_, index) => String(549_000 + index));

test('networks are listed at first sight, and then once a day, hundreds of organizations spread over it', () => {
  const listed = new Map<string, Instant>();
  const perHour: number[] = [];
  for (let hour = 0; hour <= 72; hour += 1) {
    const now = NOON + hour * HOUR;
    const due = ORGANIZATIONS.filter((id) => isListDue(id, listed.get(id), now));
    for (const id of due) listed.set(id, now);
    perHour.push(due.length);
  }
  const [first = 0, ...later] = perHour;
  expect(first).toBe(ORGANIZATIONS.length);
  expect(Math.max(...later)).toBeLessThan(30);
  for (const day of [0, 24, 48]) {
    const inDay = later.slice(day, day + 24).reduce((sum, n) => sum + n, 0);
    expect(inDay).toBe(ORGANIZATIONS.length);
  }
});

test('an organization has its time of day, whichever process asks', () => {
  const dueAt = (id: string) =>
    Array.from({ length: 24 }, (_, hour) => hour).find((hour) =>
      isListDue(id, NOON, NOON + (hour + 1) * HOUR),
    );
  const times = new Set(ORGANIZATIONS.map(dueAt));
  expect(times.size).toBe(24);
  expect(ORGANIZATIONS.map(dueAt)).toEqual(ORGANIZATIONS.map(dueAt));
});

test('a list of the future, by a clock that was wrong, does not put the next off for ever', () => {
  expect(isListDue('1', NOON + 300 * DAY, NOON)).toBe(true);
  expect(isListDue('1', NOON + HOUR / 60, NOON)).toBe(false);
});
