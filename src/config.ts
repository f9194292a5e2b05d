import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { ConfigurationError } from './errors.ts';

export interface SeriesDefinition {
  readonly name: string;
  readonly version?: 0 | 1 | undefined;
  readonly operationIds?: readonly string[] | undefined;
  readonly sourceIps?: readonly string[] | undefined;
  readonly adminIds?: readonly string[] | undefined;
  readonly userAgent?: string | undefined;
}

/** Everything an operator can set. Durations in seconds. */
export interface Config {
  readonly meraki: {
    /** `undefined` only where a command needs no key. */
    readonly key: string | undefined;
    readonly baseUrl: string;
    /** On top of Meraki's own domains and the base URL's host. */
    readonly trustedHosts: readonly string[] | undefined;
    readonly organizationIds: readonly string[] | undefined;
    readonly requestsPerSecond: number;
  };
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  readonly webhookLogs: {
    readonly every: number;
    readonly lookback: number;
    readonly maxSpan: number;
    readonly settle: number;
    readonly perPage: number;
  };
  readonly apiResponses: {
    readonly every: number;
    readonly lookback: number;
    readonly interval: number;
    readonly settle: number;
    readonly series: readonly SeriesDefinition[];
  };
  readonly webhookUrls: 'masked' | 'full';
  /** `undefined`: for ever. */
  readonly retention: number | undefined;
  readonly log: { readonly level: string; readonly format: 'pretty' | 'json' };
}

export type Environment = Readonly<Record<string, string | undefined>>;

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const DAY = 86_400;

const duration = (least: number, most = Number.POSITIVE_INFINITY) =>
  z.string().transform((text, context) => {
    const match = /^(\d+)\s*([smhd])$/.exec(text.trim());
    const seconds =
      match === null ? Number.NaN : Number(match[1]) * (UNIT_SECONDS[match[2] ?? ''] ?? Number.NaN);
    if (Number.isNaN(seconds)) {
      context.addIssue('must be a duration such as 90s, 5m, 36h or 90d');
    } else if (seconds < least) {
      context.addIssue(`must be at least ${formatDuration(least)}`);
    } else if (seconds > most) {
      context.addIssue(`must be at most ${formatDuration(most)}`);
    }
    return seconds;
  });

const url = (...protocols: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

const list = z.string().transform((text) =>
  text
    .split(/[\s,]+/)
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

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

const environmentShape = z.object({
  MERAKI_DASHBOARD_API_KEY: z.string().optional(),
  MERAKI_BASE_URL: url('https:', 'http:').default('https://api.meraki.com/api/v1'),
  MERAKI_TRUSTED_HOSTS: list.optional(),
  MERAKI_ORGANIZATION_IDS: list.optional(),
  DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  REDIS_URL: url('redis:', 'rediss:').optional(),
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
  REQUESTS_PER_SECOND: wholeNumber(1, 10).default(5),
  WEBHOOK_URLS: z.enum(['masked', 'full']).default('masked'),
  RETENTION: retention.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json']).optional(),
});

const filterList = z.array(z.string().min(1)).nonempty().optional();
const seriesFileShape = z.strictObject({
  series: z.array(
    z
      .strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, {
          error: 'must be 1 to 40 small letters, digits, - or _',
        }),
        version: z.union([z.literal(0), z.literal(1)]).optional(),
        operationIds: filterList,
        sourceIps: filterList,
        adminIds: filterList,
        userAgent: z.string().min(1).optional(),
      })
      .refine(
        ({ name: _name, ...filters }) => Object.values(filters).some((filter) => filter !== undefined),
        {
          error: 'needs at least one filter: version, operationIds, sourceIps, adminIds or userAgent',
        },
      )
      .refine(({ name }) => name !== 'all', { error: 'the name "all" is taken by the unfiltered series' }),
  ),
});

export interface ConfigNeeds {
  readonly key: boolean;
  /** Whether log lines are read on a terminal. */
  readonly terminal: boolean;
}

/**
 * Reads the configuration from environment variables; an empty variable counts as not set.
 *
 * @throws {ConfigurationError} naming all faults at once, never the value of a secret
 */
export function loadConfig(environment: Environment, needs: ConfigNeeds): Config {
  const faults: string[] = [];
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ''));
  const parsed = environmentShape.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) faults.push(`${issue.path.join('.')} ${issue.message}`);
  const key = readKey(given, needs.key, faults);
  const series = readSeries(given['SERIES_FILE'], faults);
  faults.push(...contradictions(given));
  if (!parsed.success || faults.length > 0) {
    const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
    const listed = faults.map((fault) => `  - ${fault}`).join('\n');
    throw new ConfigurationError(`The configuration has ${count}:\n${listed}`, { faults: faults.length });
  }
  return configOf(parsed.data, key, series, needs);
}

function configOf(
  env: z.infer<typeof environmentShape>,
  key: string | undefined,
  series: readonly SeriesDefinition[],
  needs: ConfigNeeds,
): Config {
  return {
    meraki: {
      key,
      baseUrl: env.MERAKI_BASE_URL.replace(/\/+$/, ''),
      trustedHosts: env.MERAKI_TRUSTED_HOSTS,
      organizationIds: env.MERAKI_ORGANIZATION_IDS,
      requestsPerSecond: env.REQUESTS_PER_SECOND,
    },
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    dataDir: resolve(env.DATA_DIR),
    webhookLogs: {
      every: env.WEBHOOK_LOGS_EVERY,
      lookback: env.WEBHOOK_LOGS_LOOKBACK,
      maxSpan: env.WEBHOOK_LOGS_MAX_SPAN,
      settle: env.WEBHOOK_LOGS_SETTLE,
      perPage: env.WEBHOOK_LOGS_PER_PAGE,
    },
    apiResponses: {
      every: env.API_RESPONSES_EVERY,
      lookback: env.API_RESPONSES_LOOKBACK,
      interval: Number(env.API_RESPONSES_INTERVAL),
      settle: env.API_RESPONSES_SETTLE,
      series,
    },
    webhookUrls: env.WEBHOOK_URLS,
    retention: env.RETENTION,
    log: { level: env.LOG_LEVEL, format: env.LOG_FORMAT ?? (needs.terminal ? 'pretty' : 'json') },
  };
}

function readKey(given: Environment, needed: boolean, faults: string[]): string | undefined {
  const direct = given['MERAKI_DASHBOARD_API_KEY'];
  const file = given['MERAKI_DASHBOARD_API_KEY_FILE'];
  if (direct !== undefined && file !== undefined) {
    faults.push('MERAKI_DASHBOARD_API_KEY and MERAKI_DASHBOARD_API_KEY_FILE are both set: keep one');
  }
  let key = direct;
  if (file !== undefined) {
    try {
      key = readFileSync(file, 'utf8');
    } catch (error) {
      // The value is not repeated: it may be the key itself, put into the wrong variable.
      faults.push(`MERAKI_DASHBOARD_API_KEY_FILE names a file that cannot be read (${codeOf(error)})`);
      return undefined;
    }
  }
  key = key?.trim();
  if ((key === undefined || key === '') && needed) {
    faults.push(
      'MERAKI_DASHBOARD_API_KEY is not set: make a key in the dashboard under your profile, API access (or try "meraki-historian demo", which needs none)',
    );
  } else if (key !== undefined && /[^\x21-\x7e]/.test(key)) {
    faults.push('MERAKI_DASHBOARD_API_KEY holds spaces or characters that no key has');
  }
  return key === '' ? undefined : key;
}

function readSeries(file: string | undefined, faults: string[]): readonly SeriesDefinition[] {
  if (file === undefined) return [];
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    faults.push(
      `SERIES_FILE cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
    return [];
  }
  const parsed = seriesFileShape.safeParse(content);
  if (!parsed.success) {
    for (const issue of parsed.error.issues)
      faults.push(`SERIES_FILE ${issue.path.join('.')}: ${issue.message}`);
    return [];
  }
  const names = parsed.data.series.map((series) => series.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) faults.push(`SERIES_FILE names a series twice: ${[...new Set(twice)].join(', ')}`);
  return parsed.data.series;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}

/** Faults between variables that are each in order; one with a fault of its own counts as its default here. */
function contradictions(given: Environment): string[] {
  const { shape } = environmentShape;
  const value = <Name extends keyof typeof shape>(name: Name) =>
    (shape[name].safeParse(given[name]).data ?? shape[name].parse(undefined)) as z.infer<
      (typeof shape)[Name]
    >;
  const faults: string[] = [];
  if (value('WEBHOOK_LOGS_SETTLE') >= value('WEBHOOK_LOGS_LOOKBACK')) {
    faults.push('WEBHOOK_LOGS_SETTLE must be shorter than WEBHOOK_LOGS_LOOKBACK');
  }
  if (value('API_RESPONSES_SETTLE') >= value('API_RESPONSES_LOOKBACK')) {
    faults.push('API_RESPONSES_SETTLE must be shorter than API_RESPONSES_LOOKBACK');
  }
  const retention = value('RETENTION');
  if (retention !== undefined && retention < value('WEBHOOK_LOGS_LOOKBACK')) {
    faults.push('RETENTION must not be shorter than WEBHOOK_LOGS_LOOKBACK');
  }
  return faults;
}

/** Writes whole seconds as the configuration reads them, in the largest unit that fits. */
export function formatDuration(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    const size = UNIT_SECONDS[unit] ?? 1;
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}
