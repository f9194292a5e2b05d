import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { environmentShape } from './environment.ts';
import { ConfigurationError } from './errors.ts';
import type { OrganizationChoice } from './organization-choice.ts';
import type { ReportTimeZones } from './report-time-zones.ts';
import { errorCode, readSeriesFile, type SeriesDefinition } from './series-file.ts';

/** Everything an operator can set. Durations in seconds. */
export interface Config {
  readonly meraki: {
    /** `undefined` only where a command needs no key. */
    readonly key: string | undefined;
    readonly baseUrl: string;
    /** In place of Meraki's own domains; the base URL's host is trusted always. */
    readonly trustedHosts: readonly string[] | undefined;
    readonly organizations: OrganizationChoice;
    /** For each organization. */
    readonly requestsPerSecond: number;
    /** Of all organizations together. */
    readonly requestsPerSecondPerAddress: number;
    /** Workers with the same name share the budget of one address. */
    readonly sourceAddress: string;
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
  readonly audit: {
    /** `undefined`: never. */
    readonly every: number | undefined;
    /** Requests that one audit may send for each stream. */
    readonly requests: number;
  };
  /** Rows of one stream in quarantine beyond which its pages are not committed. */
  readonly quarantineLimit: number;
  readonly webhookUrls: 'masked' | 'full';
  readonly reports: {
    readonly timeZones: ReportTimeZones;
    /** Share of API requests that are to be answered well. */
    readonly apiObjective: number;
  };
  /** `undefined`: for ever. */
  readonly retention: number | undefined;
  /** How long before its deadline a pending gap is warned of. */
  readonly gapWarning: number;
  readonly log: { readonly level: string; readonly format: 'pretty' | 'json' };
}

export type Environment = Readonly<Record<string, string | undefined>>;

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
  const series = readSeriesFile(given['SERIES_FILE'], faults);
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
      organizations: env.MERAKI_ORGANIZATION_IDS,
      requestsPerSecond: env.REQUESTS_PER_SECOND,
      requestsPerSecondPerAddress: env.REQUESTS_PER_SECOND_PER_ADDRESS,
      sourceAddress: env.SOURCE_ADDRESS,
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
    audit: { every: env.AUDIT_EVERY, requests: env.AUDIT_REQUESTS },
    quarantineLimit: env.QUARANTINE_LIMIT,
    webhookUrls: env.WEBHOOK_URLS,
    reports: { timeZones: env.REPORT_TIME_ZONE, apiObjective: env.API_OBJECTIVE },
    retention: env.RETENTION,
    gapWarning: env.GAP_WARNING,
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
      faults.push(`MERAKI_DASHBOARD_API_KEY_FILE names a file that cannot be read (${errorCode(error)})`);
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
