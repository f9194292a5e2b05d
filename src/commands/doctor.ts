import type { Clock } from '../clock.ts';
import { type Config, type Environment, loadConfig } from '../config.ts';
import { countOpenEnds } from '../db/archive-status.ts';
import type { Database } from '../db/database.ts';
import { pendingMigrations } from '../db/migrate.ts';
import { obstacleToMigrating } from '../db/migration-rights.ts';
import { readNearDeadlines } from '../db/near-deadlines.ts';
import { readFindings } from '../db/stream-findings.ts';
import { HistorianError } from '../errors.ts';
import { instantOfMilliseconds } from '../instant.ts';
import { pingRedis } from '../jobs/queue-store.ts';
import type { Log } from '../log.ts';
import { MerakiClient } from '../meraki/client.ts';
import { listOrganizations, type MerakiOrganization } from '../meraki/organizations.ts';
import { isChosen } from '../organization-choice.ts';
import { describeStream } from '../stream-key.ts';
import { trustedHosts } from './archive.ts';
import { refuseOtherContents, sourceOf } from './archived-so-far.ts';
import { clockFinding, databaseClockFindings } from './clock-finding.ts';
import { databaseFinding, databaseSkewMs } from './database-finding.ts';
import type { Finding } from './finding.ts';
import { openConfiguredDatabase } from './open-database.ts';
import { formatSpan, type Output, paintFor, say, sayJson } from './output.ts';
import { partitionFinding } from './partition-finding.ts';
import { rollupFinding } from './rollup-finding.ts';
import { nameOf, settleHints } from './trust-notes.ts';

export interface DoctorOptions {
  readonly environment: Environment;
  readonly terminal: boolean;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly json: boolean;
}

/** Checks everything a run depends on. @returns the exit code of the first failed check, 7 for gaps, else 0 */
export async function doctor(options: DoctorOptions): Promise<number> {
  const findings = await examine(options);
  const failed = findings.find((finding) => finding.state === 'failed');
  const warned = findings.find((finding) => finding.state === 'warning' && finding.exitCode !== 0);
  if (options.json) sayJson(options.output, { findings });
  else {
    const paint = paintFor(options.output);
    const marks = {
      ok: paint.green('ok     '),
      warning: paint.yellow('warning'),
      failed: paint.red('failed '),
      skipped: paint.dim('skipped'),
    };
    for (const { check, state, said } of findings) {
      say(
        options.output,
        `${marks[state]}  ${check.padEnd(14)} ${said.replaceAll('\n', `\n${' '.repeat(24)}`)}`,
      );
    }
  }
  return failed?.exitCode ?? warned?.exitCode ?? 0;
}

async function examine(options: DoctorOptions): Promise<readonly Finding[]> {
  let config: Config;
  try {
    config = loadConfig(options.environment, { key: true, terminal: options.terminal });
  } catch (error) {
    return [failure('configuration', error)];
  }
  return [
    { check: 'configuration', state: 'ok', said: 'no faults', exitCode: 0 },
    ...(await examineMeraki(config, options)),
    ...(await examineDatabase(config, options)),
    await examineQueue(config),
  ];
}

async function examineMeraki(config: Config, options: DoctorOptions): Promise<Finding[]> {
  const { clock, log, signal } = options;
  const client = new MerakiClient({
    baseUrl: config.meraki.baseUrl,
    key: config.meraki.key ?? '',
    trustedHosts: trustedHosts(config),
    pace: { take: async () => 0, pause: async () => undefined },
    clock,
    log,
  });
  try {
    const organizations = await listOrganizations(client, { signal });
    return [
      {
        check: 'Meraki key',
        state: 'ok',
        said: `accepted by ${new URL(config.meraki.baseUrl).host}`,
        exitCode: 0,
      },
      accessOf(organizations, config),
      clockFinding(client.clockSkewMs),
    ];
  } catch (error) {
    return [failure('Meraki', error)];
  } finally {
    await client.close();
  }
}

function accessOf(organizations: readonly MerakiOrganization[], config: Config): Finding {
  const disabled = organizations.filter(
    ({ id, apiEnabled }) => !apiEnabled && isChosen(config.meraki.organizations, id),
  );
  const unseen = (config.meraki.organizations.only ?? []).filter(
    (id) => !organizations.some((organization) => organization.id === id),
  );
  const notes = [`${organizations.length} organizations visible`];
  if (disabled.length > 0) {
    const names = disabled.map((organization) => organization.name).join(', ');
    notes.push(`API access disabled in ${names}: enable it under Organization, Settings`);
  }
  if (unseen.length > 0)
    notes.push(`MERAKI_ORGANIZATION_IDS names what the key cannot see: ${unseen.join(', ')}`);
  const state = disabled.length + unseen.length === 0 ? 'ok' : 'warning';
  return { check: 'organizations', state, said: notes.join('\n'), exitCode: 0 };
}

async function examineDatabase(config: Config, { log, clock }: DoctorOptions): Promise<Finding[]> {
  try {
    const opened = await openConfiguredDatabase(config, log, 'guest', 2);
    try {
      return [
        await databaseFinding(opened.database, config),
        ...databaseClockFindings(await databaseSkewMs(opened.database, clock)),
        ...(await archiveOf(opened.database, config, clock)),
      ];
    } finally {
      await opened.close();
    }
  } catch (error) {
    return [failure('database', error)];
  }
}

async function archiveOf(database: Database, config: Config, clock: Clock): Promise<Finding[]> {
  const missing = await pendingMigrations(database);
  if (missing.length > 0) {
    const obstacle = await obstacleToMigrating(database);
    if (obstacle !== undefined) return [{ check: 'schema', state: 'failed', said: obstacle, exitCode: 6 }];
    const said = `${missing.length} migrations to apply: "start" and "migrate" do it`;
    return [{ check: 'schema', state: 'warning', said, exitCode: 0 }];
  }
  try {
    await refuseOtherContents(database, sourceOf(config), config.apiResponses.series);
  } catch (error) {
    return [failure('archive', error)];
  }
  const open = await countOpenEnds(database.query);
  const whole = open.gaps + open.quarantined === 0;
  return [
    { check: 'schema', state: 'ok', said: 'of this version', exitCode: 0 },
    {
      check: 'archive',
      state: whole ? 'ok' : 'warning',
      said: whole
        ? 'no gaps, nothing in quarantine'
        : `${open.gaps} gaps (see "meraki-historian gaps"), ${open.quarantined} rows in quarantine (see "meraki-historian quarantine list")`,
      exitCode: whole ? 0 : 7,
    },
    await deadlinesOf(database, config),
    ...(await trustOf(database, config)),
    await rollupFinding(database, Math.random),
    await partitionFinding(database, instantOfMilliseconds(clock.now())),
  ];
}

async function trustOf(database: Database, config: Config): Promise<Finding[]> {
  const findings = await readFindings(database.query);
  const hints = settleHints(findings, config);
  const differing = findings.filter((found) => found.audits_repaired + found.audits_open > 0);
  const audits = differing.map(
    (found) =>
      `${nameOf(found)}: ${found.audits_repaired} audits found and repaired differences, ${found.audits_open} could not repair what they found`,
  );
  return [
    {
      check: 'settle time',
      state: hints.length === 0 ? 'ok' : 'warning',
      said: hints.length === 0 ? 'long enough for the lateness seen in the last 7 days' : hints.join('\n'),
      exitCode: 0,
    },
    differing.length === 0
      ? { check: 'audits', state: 'ok', said: 'no differences in the last 7 days', exitCode: 0 }
      : {
          check: 'audits',
          state: 'failed',
          said: `${audits.join('\n')}\nview meraki.audits says when and what; run "meraki-historian audit" to look again; rows found late ask for a longer settle time, anything else for the question who else writes to this database`,
          exitCode: 7,
        },
  ];
}

async function deadlinesOf(database: Database, config: Config): Promise<Finding> {
  const [first, ...others] = await readNearDeadlines(database.query, config.gapWarning);
  if (first === undefined) {
    return { check: 'deadlines', state: 'ok', said: 'no gap is near its deadline', exitCode: 0 };
  }
  const more = others.length === 0 ? '' : `, and of ${others.length} more streams`;
  return {
    check: 'deadlines',
    state: 'warning',
    said: `gaps of ${describeStream(first.key)} begin to be lost in ${formatSpan(first.secondsLeft)}${more}: keep "start" running or run "sync" now; "explain" says what keeps a moment from being read`,
    exitCode: 7,
  };
}

async function examineQueue(config: Config): Promise<Finding> {
  if (config.redisUrl === undefined) {
    return { check: 'queue', state: 'ok', said: 'in Postgres, since REDIS_URL is not set', exitCode: 0 };
  }
  try {
    await pingRedis(config.redisUrl);
    return { check: 'queue', state: 'ok', said: `Redis at ${new URL(config.redisUrl).host}`, exitCode: 0 };
  } catch (error) {
    return failure('queue', error);
  }
}

function failure(check: string, error: unknown): Finding {
  if (!(error instanceof HistorianError)) throw error;
  return { check, state: 'failed', said: error.message, exitCode: error.exitCode };
}
