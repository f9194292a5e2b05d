import { z } from 'zod';
import { formatDuration, readDuration } from './duration.ts';
import { ALL_ORGANIZATIONS, type OrganizationChoice } from './organization-choice.ts';
import { readReportTimeZones, UTC_ALONE } from './report-time-zones.ts';

const DAY = 86_400;

const duration = (least: number, most = Number.POSITIVE_INFINITY) =>
  z.string().transform((text, context) => {
    const seconds = readDuration(text);
    if (seconds === undefined) {
      context.addIssue('must be a duration such as 90s, 5m, 36h or 90d');
      return z.NEVER;
    }
    if (seconds < least) context.addIssue(`must be at least ${formatDuration(least)}`);
    if (seconds > most) context.addIssue(`must be at most ${formatDuration(most)}`);
    return seconds;
  });

const url = (...protocols: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a valid URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

/** The URL of a server that is logged in to. */
const loginUrl = (...protocols: readonly string[]) =>
  url(...protocols).refine(hasReadableLogin, {
    error: 'has a user name or password with a % that is not written as %25',
  });

function hasReadableLogin(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(`${username}:${password}`);
    return true;
  } catch {
    return false;
  }
}

const list = z.string().transform((text, context) => {
  const items = text.split(/[\s,]+/).filter((item) => item !== '');
  // An empty list would mean none at all or all of them, and nobody could tell which was meant.
  if (items.length === 0) context.addIssue('names nothing; leave it out where nothing is to be named');
  return items;
});

const organizationChoice = list.transform((items, context): OrganizationChoice => {
  const except = items.filter((item) => item.startsWith('-')).map((item) => item.slice(1));
  if (except.length === 0) return { only: items, except };
  if (except.includes('')) context.addIssue('has a minus without an id behind it');
  if (except.length < items.length) {
    context.addIssue(
      'names organizations to archive and, with a minus, others to leave out: do one of the two',
    );
  }
  return { only: undefined, except };
});

const wholeNumber = (least: number, most: number) =>
  z.string().transform((text, context) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      context.addIssue(`must be a whole number from ${least} to ${most}`);
    }
    return value;
  });

const retention = z.string().transform((text, context) => {
  if (text.trim() === 'forever') return undefined;
  const seconds = duration(90 * DAY).safeParse(text);
  if (!seconds.success) {
    context.addIssue('must be "forever" or a duration of at least 90d');
  }
  return seconds.data;
});

const durationOrOff = (least: number, most: number) =>
  z.string().transform((text, context) => {
    if (text.trim() === 'off') return undefined;
    const seconds = duration(least, most).safeParse(text);
    for (const { message } of seconds.error?.issues ?? []) context.addIssue(`${message}, or off`);
    return seconds.data;
  });

const share = (least: number, most: number) =>
  z.string().transform((text, context) => {
    const value = /^[\d.]+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) context.addIssue(`must be a number from ${least} to ${most}`);
    return value;
  });

const reportTimeZones = z
  .string()
  .transform((text, context) => readReportTimeZones(text, (said) => context.addIssue(said)));

/** Every environment variable that is read, with its default. Durations in seconds. */
export const environmentShape = z.object({
  MERAKI_DASHBOARD_API_KEY: z.string().optional(),
  MERAKI_BASE_URL: url('https:', 'http:').default('https://api.meraki.com/api/v1'),
  MERAKI_TRUSTED_HOSTS: list.transform((hosts) => hosts.map((host) => host.toLowerCase())).optional(),
  MERAKI_ORGANIZATION_IDS: organizationChoice.default(ALL_ORGANIZATIONS),
  DATABASE_URL: loginUrl('postgres:', 'postgresql:').optional(),
  REDIS_URL: loginUrl('redis:', 'rediss:').optional(),
  DATA_DIR: z.string().default('./data'),
  WEBHOOK_LOGS_EVERY: duration(10).default(300),
  API_RESPONSES_EVERY: duration(10).default(900),
  WEBHOOK_LOGS_LOOKBACK: duration(3_600, 90 * DAY).default(90 * DAY),
  WEBHOOK_LOGS_MAX_SPAN: duration(3_600, 31 * DAY).default(31 * DAY),
  WEBHOOK_LOGS_PER_PAGE: wholeNumber(3, 1_000).default(1_000),
  API_RESPONSES_LOOKBACK: duration(3_600, 31 * DAY).default(31 * DAY),
  API_RESPONSES_INTERVAL: z.enum(['120', '3600', '14400', '21600']).default('120'),
  WEBHOOK_LOGS_SETTLE: duration(120, DAY).default(15 * 60),
  API_RESPONSES_SETTLE: duration(60, DAY).default(10 * 60),
  AUDIT_EVERY: durationOrOff(600, 30 * DAY).default(6 * 3_600),
  AUDIT_REQUESTS: wholeNumber(4, 1_000).default(10),
  QUARANTINE_LIMIT: wholeNumber(1, Number.MAX_SAFE_INTEGER).default(100_000),
  REQUESTS_PER_SECOND: wholeNumber(1, 10).default(5),
  REQUESTS_PER_SECOND_PER_ADDRESS: wholeNumber(1, 100).default(80),
  SOURCE_ADDRESS: z.string().trim().max(200, { error: 'must have at most 200 characters' }).default('shared'),
  WEBHOOK_URLS: z.enum(['masked', 'full']).default('masked'),
  REPORT_TIME_ZONE: reportTimeZones.default(UTC_ALONE),
  API_OBJECTIVE: share(0.5, 0.99999).default(0.999),
  RETENTION: retention.optional(),
  GAP_WARNING: duration(3_600, 30 * DAY).default(7 * DAY),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json']).optional(),
});
