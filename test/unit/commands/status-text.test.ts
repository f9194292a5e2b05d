import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { statusText } from '../../../src/commands/status.ts';
import { archiveMetrics } from '../../../src/db/archive-metrics.ts';
import type { StreamStatus } from '../../../src/db/archive-status.ts';
import { instantOfSeconds } from '../../../src/instant.ts';
import { summarizeLearned } from '../../../src/sync/learned-summary.ts';
import { ALL_TIME } from '../../../src/sync/limits.ts';

const SECOND = instantOfSeconds(1);
const DAY = 86_400 * SECOND;
const now = Date.parse('2026-11-22T12:00:00Z') * 1_000;
const output = { stream: new PassThrough(), terminal: false };

const healthy: StreamStatus = {
  organization_id: '1',
  organization_name: 'Harbor Retail Group',
  organization_state: 'active',
  stream: 'webhook_logs',
  series: 'all',
  covered_from: '2026-08-24T16:50:00.000000Z',
  covered_until: '2026-11-22T11:59:00.000000Z',
  lag_seconds: 60,
  pending_gaps: 0,
  lost_gaps: 0,
  near_gaps: 0,
  pending_seconds: 0,
  lost_seconds: 0,
  covered_ratio: 1,
  next_deadline: null,
  next_deadline_seconds: null,
  quarantined: 0,
  last_success_at: '2026-11-22 11:59:00.5+00',
  last_error: null,
  last_error_code: null,
  clock_skew_seconds: 0,
  lookback_seconds: 7_775_700,
  retired_at: null,
  limits: {},
};
const limits = {
  lookback: 30 * DAY,
  span: 14 * DAY,
  order: 'unordered',
  wholeSpan: DAY,
  fineSpan: 2 * DAY,
  finestInterval: 3_600,
  learnedAt: now - DAY,
  skipped: [{ from: now - 20 * DAY, to: now - 20 * DAY + 3_600 * SECOND, until: now + 3_600 * SECOND }],
  shortened: [
    { from: now - 9 * DAY, to: now - 8 * DAY, until: now + 3_600 * SECOND, span: DAY / 2 },
    { ...ALL_TIME, until: now + 7_200 * SECOND, span: DAY },
  ],
};
const troubled: StreamStatus = {
  ...healthy,
  series: 'inventory',
  stream: 'api_responses',
  pending_gaps: 2,
  near_gaps: 1,
  lost_gaps: 1,
  pending_seconds: 7_200,
  lost_seconds: 3 * 86_400,
  covered_ratio: 0.99999,
  next_deadline: '2026-11-24T12:00:00.000000Z',
  next_deadline_seconds: 2 * 86_400,
  quarantined: 1,
  last_error: 'Meraki cannot be reached',
  last_error_code: 'MERAKI_UNREACHABLE',
  clock_skew_seconds: -63,
  limits,
};

const said = (...streams: readonly StreamStatus[]) => statusText(output, streams, now);

test('a healthy stream is one line', () => {
  const [, line, ...rest] = said(healthy).split('\n');
  expect(rest).toEqual([]);
  expect(line).toMatch(/^Harbor Retail Group {2}webhook_logs {2}100\.0 % .* none {2}ok$/);
});

test('what needs words is said below the table, and the table stays narrow', () => {
  const text = said(healthy, troubled);
  const table = text.slice(0, text.indexOf('\n\n')).split('\n');
  expect(table).toHaveLength(3);
  for (const line of table) expect(line.length).toBeLessThanOrEqual(120);
  expect(table[2]).toMatch(/99\.99 % .* 2 pending, 1 lost {2}losing$/);
  for (const part of [
    'Harbor Retail Group, api_responses/inventory',
    '1 gap will be lost soon, the first at 2026-11-24 12:00 UTC',
    '3 d of time lost for good',
    'MERAKI_UNREACHABLE: Meraki cannot be reached',
    '1 row in quarantine',
    "Meraki's clock is 1 min 3 s behind this machine's",
    'learned of the source on 2026-11-21 12:00, believed until 2026-11-28 12:00',
    'Meraki keeps 30 d',
    'at most 14 d at once',
    'not sorted by time, so it is read in windows of 1 d',
    'windows wider than 2 d come in coarser buckets',
    'narrowest buckets are 1 h wide',
    'no answer to long windows from 2026-11-13 12:00 to 2026-11-14 12:00; asked for at most 12 h at once until 2026-11-22 13:00',
    'no answer to long windows at any time; asked for at most 1 d at once until 2026-11-22 14:00',
    'no answer for 2026-11-02 12:00 to 2026-11-02 13:00; asked again after 2026-11-22 13:00',
  ]) {
    expect(text).toContain(part);
  }
});

test.each<[string, Partial<StreamStatus>, string]>([
  ['paused', { organization_state: 'api_disabled' }, 'API access is disabled'],
  ['paused', { organization_state: 'refused' }, 'refuses to answer'],
  [
    'paused',
    { organization_state: 'vanished', organization_id: '7' },
    'no longer sees the organization; if it is gone for good, take it out of MERAKI_ORGANIZATION_IDS, or set that to -7',
  ],
  ['failing', { last_error: 'No.', last_error_code: 'KEY_REFUSED' }, 'KEY_REFUSED: No.'],
  ['look below', { quarantined: 2 }, '2 rows in quarantine'],
  [
    'retired',
    { retired_at: '2026-11-01T00:00:00.000000Z', organization_state: 'refused' },
    'no longer configured; not wanted since 2026-11-01 00:00',
  ],
  [
    'retired',
    { retired_at: '2026-11-01T00:00:00.000000Z', organization_state: 'left_out' },
    'left out by MERAKI_ORGANIZATION_IDS; not wanted since 2026-11-01 00:00',
  ],
])('%s: %o', (state, changed, words) => {
  const text = said({ ...healthy, ...changed });
  expect(text.split('\n')[1]).toMatch(new RegExp(`${state}$`));
  expect(text).toContain(words);
});

test('lessons are believed for a week', () => {
  expect(summarizeLearned(limits, now)).toMatchObject({
    lookback_seconds: 30 * 86_400,
    learned_at: '2026-11-21T12:00:00.000000Z',
    skipped: [{ until: '2026-11-22T13:00:00.000000Z' }],
  });
  expect(summarizeLearned(limits, now + 7 * DAY)).toEqual({
    order: null,
    lookback_seconds: null,
    span_seconds: null,
    unsorted_span_seconds: null,
    fine_span_seconds: null,
    finer_interval_seconds: null,
    finest_interval_seconds: null,
    learned_at: null,
    believed_until: null,
    shortened: [],
    skipped: [],
  });
});

test("metrics are in Prometheus' text format, each sample once and declared before", async () => {
  const retired = { ...healthy, series: 'gone', retired_at: '2026-11-01T00:00:00.000000Z' };
  const text = await archiveMetrics([healthy, troubled, retired]);
  const samples = new Map<string, number>();
  let declared = '';
  for (const line of text.split('\n').filter((line) => line !== '')) {
    const type = /^# TYPE (\w+) gauge$/.exec(line);
    if (type !== null) declared = type[1] ?? '';
    if (line.startsWith('#')) continue;
    const [, name, labels, value] = /^(\w+)\{((?:\w+="[^"]*",?)+)\} (\S+)$/.exec(line) ?? [];
    expect(name).toBe(declared);
    expect(samples.has(`${name}{${labels}}`)).toBe(false);
    samples.set(`${name}{${labels}}`, Number(value));
  }
  const of = (name: string, stream: string, more = '') =>
    samples.get(`meraki_historian_${name}{organization_id="1",${stream}${more}}`);
  const [log, counts] = ['stream="webhook_logs",series="all"', 'stream="api_responses",series="inventory"'];
  expect(of('gap_seconds', counts, ',state="pending"')).toBe(7_200);
  expect(of('gap_seconds', counts, ',state="lost"')).toBe(259_200);
  expect(of('gap_seconds', log, ',state="lost"')).toBe(0);
  expect(of('next_deadline_seconds', counts)).toBe(172_800);
  expect(of('next_deadline_seconds', log)).toBeUndefined();
  expect(of('covered_until_timestamp_seconds', log)).toBe(Date.parse('2026-11-22T11:59:00Z') / 1_000);
  expect(of('last_success_timestamp_seconds', log)).toBe(Date.parse('2026-11-22T11:59:00.5Z') / 1_000);
  expect(of('failing', counts)).toBe(1);
  expect(of('clock_skew_seconds', counts)).toBe(-63);
  expect(text).not.toContain('gone');
});
