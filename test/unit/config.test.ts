import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config.ts';
import { faultsOf, KEY, load, pathOf, removeFilesAfterTests } from './loaded-config.ts';

removeFilesAfterTests();

test('the defaults are those of the contract', () => {
  expect(load({})).toEqual({
    meraki: {
      key: KEY,
      baseUrl: 'https://api.meraki.com/api/v1',
      trustedHosts: undefined,
      organizations: { only: undefined, except: [] },
      requestsPerSecond: 5,
      requestsPerSecondPerAddress: 80,
      sourceAddress: 'shared',
    },
    databaseUrl: undefined,
    redisUrl: undefined,
    dataDir: resolve('./data'),
    webhookLogs: {
      every: 5 * 60,
      lookback: 90 * 86_400,
      maxSpan: 31 * 86_400,
      settle: 15 * 60,
      perPage: 1_000,
    },
    apiResponses: {
      every: 15 * 60,
      lookback: 31 * 86_400,
      interval: 120,
      settle: 10 * 60,
      series: [],
    },
    audit: { every: 21_600, requests: 10 },
    quarantineLimit: 100_000,
    webhookUrls: 'masked',
    reports: { timeZones: { otherwise: 'UTC', byOrganization: new Map() }, apiObjective: 0.999 },
    retention: undefined,
    gapWarning: 7 * 86_400,
    log: { level: 'info', format: 'json' },
  } satisfies Config);
});

test('an empty variable counts as not set', () => {
  expect(load({ DATABASE_URL: '', WEBHOOK_LOGS_EVERY: '  ', MERAKI_ORGANIZATION_IDS: '' })).toEqual(load({}));
});

test('what is set is taken', () => {
  const config = load({
    MERAKI_BASE_URL: 'https://api.meraki.ca/api/v1//',
    MERAKI_TRUSTED_HOSTS: 'proxy.example, Other.EXAMPLE',
    MERAKI_ORGANIZATION_IDS: '1, 2\n3',
    DATABASE_URL: 'postgres://u:p@db/x',
    REDIS_URL: 'rediss://cache',
    DATA_DIR: '/var/lib/historian',
    WEBHOOK_LOGS_LOOKBACK: '30d',
    WEBHOOK_LOGS_SETTLE: ' 150s ',
    API_RESPONSES_INTERVAL: '3600',
    REQUESTS_PER_SECOND: '2',
    REQUESTS_PER_SECOND_PER_ADDRESS: '60',
    SOURCE_ADDRESS: ' vienna ',
    WEBHOOK_URLS: 'full',
    RETENTION: '400d',
    LOG_LEVEL: 'debug',
    LOG_FORMAT: 'pretty',
  });
  expect(config.meraki).toMatchObject({
    baseUrl: 'https://api.meraki.ca/api/v1',
    trustedHosts: ['proxy.example', 'other.example'],
    organizations: { only: ['1', '2', '3'], except: [] },
    requestsPerSecond: 2,
    requestsPerSecondPerAddress: 60,
    sourceAddress: 'vienna',
  });
  expect(config).toMatchObject({
    databaseUrl: 'postgres://u:p@db/x',
    redisUrl: 'rediss://cache',
    dataDir: '/var/lib/historian',
    webhookLogs: { lookback: 30 * 86_400, settle: 150 },
    apiResponses: { interval: 3_600 },
    webhookUrls: 'full',
    retention: 400 * 86_400,
    log: { level: 'debug', format: 'pretty' },
  });
});

test('lines are pretty on a terminal', () => {
  expect(load({}, { key: true, terminal: true }).log.format).toBe('pretty');
  expect(load({ LOG_FORMAT: 'json' }, { key: true, terminal: true }).log.format).toBe('json');
});

test.each([
  ['90s', 90],
  ['5m', 300],
  ['36h', 129_600],
  ['31d', 2_678_400],
  ['2 h', 7_200],
])('the duration %s', (text, seconds) => {
  expect(load({ WEBHOOK_LOGS_EVERY: text }).webhookLogs.every).toBe(seconds);
});

test.each(['90', 's', '1.5h', '-5m', '5 minutes', '1w', 'forever', '5M'])('%j is no duration', (text) => {
  expect(faultsOf({ MERAKI_DASHBOARD_API_KEY: KEY, WEBHOOK_LOGS_EVERY: text })).toContain(
    'WEBHOOK_LOGS_EVERY must be a duration such as 90s, 5m, 36h or 90d',
  );
});

test.each([
  ['WEBHOOK_LOGS_EVERY', '9s', 'at least 10s'],
  ['WEBHOOK_LOGS_LOOKBACK', '91d', 'at most 90d'],
  ['WEBHOOK_LOGS_LOOKBACK', '59m', 'at least 1h'],
  ['WEBHOOK_LOGS_MAX_SPAN', '32d', 'at most 31d'],
  ['API_RESPONSES_LOOKBACK', '32d', 'at most 31d'],
  ['API_RESPONSES_SETTLE', '25h', 'at most 1d'],
  ['WEBHOOK_LOGS_SETTLE', '119s', 'at least 2m'],
  ['API_RESPONSES_SETTLE', '59s', 'at least 1m'],
  ['QUARANTINE_LIMIT', '0', 'whole number'],
  ['QUARANTINE_LIMIT', '1.5', 'whole number'],
  ['REQUESTS_PER_SECOND', '11', 'a whole number from 1 to 10'],
  ['REQUESTS_PER_SECOND', '0.5', 'a whole number from 1 to 10'],
  ['REQUESTS_PER_SECOND_PER_ADDRESS', '101', 'a whole number from 1 to 100'],
  ['SOURCE_ADDRESS', 'x'.repeat(201), 'at most 200 characters'],
  ['WEBHOOK_LOGS_PER_PAGE', '1001', 'a whole number from 3 to 1000'],
  ['API_RESPONSES_INTERVAL', '60', '120'],
  ['WEBHOOK_URLS', 'hidden', 'masked'],
  ['MERAKI_ORGANIZATION_IDS', ' , ', 'names nothing'],
  ['MERAKI_ORGANIZATION_IDS', '1, -2', 'do one of the two'],
  ['MERAKI_ORGANIZATION_IDS', '-', 'a minus without an id'],
  ['LOG_LEVEL', 'loud', 'info'],
  ['LOG_FORMAT', 'xml', 'json'],
  ['MERAKI_BASE_URL', 'ftp://x', 'https://'],
  ['DATABASE_URL', 'mysql://x', 'postgres://'],
  ['REDIS_URL', 'localhost:6379', 'redis://'],
  ['RETENTION', '89d', 'RETENTION'],
  ['AUDIT_EVERY', '9m', 'at least 10m, or off'],
  ['AUDIT_EVERY', 'never', 'or off'],
  ['AUDIT_REQUESTS', '3', 'from 4 to 1000'],
  ['API_OBJECTIVE', '0.4', 'a number from 0.5 to 0.99999'],
  ['API_OBJECTIVE', '1', 'a number from 0.5 to 0.99999'],
  ['API_OBJECTIVE', '99.9', 'a number from 0.5 to 0.99999'],
  ['API_OBJECTIVE', '99.9%', 'a number from 0.5 to 0.99999'],
  ['API_OBJECTIVE', '1e-1', 'a number from 0.5 to 0.99999'],
  ['REPORT_TIME_ZONE', 'Europe/Viena', '"Europe/Viena" is no time zone'],
  ['REPORT_TIME_ZONE', '12=Europe/Vienna 13=Mars/Base', '"Mars/Base" is no time zone'],
  ['REPORT_TIME_ZONE', '+05:30', '"+05:30" is no time zone'],
  ['REPORT_TIME_ZONE', 'CEST', '"CEST" is no time zone'],
  ['REPORT_TIME_ZONE', 'UTC Europe/Vienna', 'both UTC and Europe/Vienna'],
  ['REPORT_TIME_ZONE', '12=UTC,12=Europe/Vienna', 'organization 12 twice'],
  ['REPORT_TIME_ZONE', '=UTC', 'neither a time zone nor a pair'],
  ['REPORT_TIME_ZONE', '12=', 'neither a time zone nor a pair'],
  ['REPORT_TIME_ZONE', '1=2=UTC', 'neither a time zone nor a pair'],
])('%s=%s is refused, by name and with what it may be', (name, value, said) => {
  const message = faultsOf({ MERAKI_DASHBOARD_API_KEY: KEY, [name]: value });
  expect(message).toContain(name);
  expect(message).toContain(said);
});

test.each([
  ['Europe/Vienna', 'Europe/Vienna', []],
  ['12=Asia/Kolkata', 'UTC', [['12', 'Asia/Kolkata']]],
  [
    ' Europe/Vienna,549236 = America/New_York\n12=Asia/Kolkata ',
    'Europe/Vienna',
    [
      ['549236', 'America/New_York'],
      ['12', 'Asia/Kolkata'],
    ],
  ],
])('REPORT_TIME_ZONE=%j', (text, otherwise, pairs) => {
  const { timeZones } = load({ REPORT_TIME_ZONE: text }).reports;
  expect(timeZones).toEqual({ otherwise, byOrganization: new Map(pairs as [string, string][]) });
});

test('every bad part of REPORT_TIME_ZONE is named at once', () => {
  const message = faultsOf({ MERAKI_DASHBOARD_API_KEY: KEY, REPORT_TIME_ZONE: 'Nowhere 1=Here 2=UTC 2=UTC' });
  for (const part of ['"Nowhere"', '"Here"', 'organization 2 twice', '3 faults'])
    expect(message).toContain(part);
});

/** zod says "Invalid input" of its own accord, which does not help. */
test.each(['89d', 'always', '3'])('RETENTION=%s: the fault says what it may be', (value) => {
  expect(faultsOf({ MERAKI_DASHBOARD_API_KEY: KEY, RETENTION: value })).toMatch(/RETENTION .*(forever|90d)/);
});

test('all faults are reported at once, by name', () => {
  const names = ['MERAKI_BASE_URL', 'DATABASE_URL', 'WEBHOOK_LOGS_EVERY', 'REQUESTS_PER_SECOND', 'LOG_LEVEL'];
  const message = faultsOf({
    ...Object.fromEntries(names.map((name) => [name, 'nonsense'])),
    SERIES_FILE: pathOf('absent.json'),
  });
  for (const name of [...names, 'MERAKI_DASHBOARD_API_KEY', 'SERIES_FILE']) expect(message).toContain(name);
  expect(message).toContain('7 faults');
});

test.each([
  ['WEBHOOK_LOGS_SETTLE', { WEBHOOK_LOGS_SETTLE: '2h', WEBHOOK_LOGS_LOOKBACK: '2h' }],
  ['API_RESPONSES_SETTLE', { API_RESPONSES_SETTLE: '2h', API_RESPONSES_LOOKBACK: '1h' }],
])('%s must be shorter than its lookback', (name, environment) => {
  expect(faultsOf({ MERAKI_DASHBOARD_API_KEY: KEY, ...environment })).toContain(`${name} must be shorter`);
});

/** Otherwise they would only show once every other fault is mended. */
test('contradictions are reported along with other faults', () => {
  const message = faultsOf({
    MERAKI_DASHBOARD_API_KEY: KEY,
    API_RESPONSES_SETTLE: '2h',
    API_RESPONSES_LOOKBACK: '1h',
    LOG_LEVEL: 'loud',
  });
  expect(message).toContain('LOG_LEVEL');
  expect(message).toContain('API_RESPONSES_SETTLE');
});

/** A log sent and answered late is only caught when nothing is final before a receiver may have answered. */
test('I1 the webhook log settles no sooner than a delivery can be logged', () => {
  expect(faultsOf({ MERAKI_DASHBOARD_API_KEY: KEY, WEBHOOK_LOGS_SETTLE: '60s' })).toContain(
    'WEBHOOK_LOGS_SETTLE',
  );
});
