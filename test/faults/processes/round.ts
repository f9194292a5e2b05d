import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeArchive, type Verdict } from '../oracle.ts';
import { filesWithSecrets, redisKeysWithSecrets, tablesWithSecrets } from '../secret-search.ts';
import { askPostgres } from './ask-postgres.ts';
import { waitUntilCaughtUp } from './catch-up.ts';
import { runChaos } from './chaos.ts';
import { embeddedSettings, embeddedUrl } from './embedded-acts.ts';
import { embeddedLogs } from './embedded-logs.ts';
import { outputFaults } from './output-faults.ts';
import { expireLeases } from './postgres-acts.ts';
import { INTERVAL_SECONDS, type RoundPlan } from './round-plan.ts';
import { drawSecrets, setStage } from './set-stage.ts';
import { emptyTally, type Stage, type Tally } from './stage.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

export interface RoundResult {
  readonly plan: RoundPlan;
  readonly tally: Tally;
  /** `undefined` when the archive could not be judged. */
  readonly verdict: Verdict | undefined;
  /** Everything that is wrong; the round is good when there is nothing. */
  readonly faults: readonly string[];
  readonly chaosSeconds: number;
  readonly quietSeconds: number;
  /** Where data and logs of a bad round are left. */
  readonly kept: string | undefined;
}

const CATCH_UP_MS = 420_000;
/** All reports are compared with all facts, while workers go on. */
const JUDGE_MS = 300_000;

/** Runs one round: chaos, quiet, judgement. Leaves no process behind. */
export async function runRound(plan: RoundPlan): Promise<RoundResult> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), `historian-faults-${plan.seed}-`)));
  // Postgres does not run as root, and has to get in.
  await chmod(directory, 0o755);
  const watchdog = startWatchdog();
  const round = new Round(plan, directory, watchdog);
  const faults: string[] = [];
  try {
    await round.run(faults);
  } catch (error) {
    faults.push(`the round broke off: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    await round.end(faults);
    watchdog.release();
  }
  const kept = faults.length === 0 ? undefined : directory;
  if (kept === undefined) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  else await writeFile(join(directory, 'faults.txt'), `${faults.join('\n')}\n`);
  return { ...round.result(), plan, faults, kept };
}

class Round {
  readonly #plan: RoundPlan;
  readonly #directory: string;
  readonly #watchdog: Watchdog;
  readonly #tally = emptyTally();
  readonly #secrets = drawSecrets();
  #stage: Stage | undefined;
  #verdict: Verdict | undefined;
  #quietAt: number | undefined;
  #chaosAt = Date.now();

  constructor(plan: RoundPlan, directory: string, watchdog: Watchdog) {
    this.#plan = plan;
    this.#directory = directory;
    this.#watchdog = watchdog;
  }

  result(): Pick<RoundResult, 'tally' | 'verdict' | 'chaosSeconds' | 'quietSeconds'> {
    const quietAt = this.#quietAt ?? Date.now();
    return {
      tally: this.#tally,
      verdict: this.#verdict,
      chaosSeconds: (quietAt - this.#chaosAt) / 1_000,
      quietSeconds: (Date.now() - quietAt) / 1_000,
    };
  }

  async run(faults: string[]): Promise<void> {
    const plan = this.#plan;
    const quiet = new AbortController();
    const stage = await setStage(plan, {
      directory: this.#directory,
      secrets: this.#secrets,
      watchdog: this.#watchdog,
      tally: this.#tally,
      quiet: quiet.signal,
    });
    this.#stage = stage;
    this.#chaosAt = Date.now();
    if (stage.postgres !== undefined) await this.#migrate(stage);
    for (let worker = 1; worker <= plan.workers; worker += 1) {
      stage.fleet.start(plan.shape === 'embedded' ? 'start' : 'worker');
    }
    const timer = setTimeout(() => quiet.abort(), plan.chaosSeconds * 1_000);
    await runChaos(plan, stage).finally(() => clearTimeout(timer));
    this.#quietAt = Date.now();
    const open = await this.#waitInQuiet(stage);
    faults.push(...open.map((what) => `not caught up: ${what}`));
    const url = await this.#adminUrl(stage);
    if (url === undefined) throw new Error('there is no database to judge');
    this.#verdict = await askPostgres(url, (client) => judgeArchive(client, stage.simulator), JUDGE_MS);
    faults.push(...this.#verdict.faults);
    faults.push(...stage.outsider.asked.map((asked) => `a host that is not trusted was asked: ${asked}`));
    faults.push(...(await askPostgres(url, (client) => tablesWithSecrets(client, this.#known()))));
    faults.push(...((await stage.redis?.ask((redis) => redisKeysWithSecrets(redis, this.#known()))) ?? []));
  }

  /** Ends everything that runs and judges what was said. */
  async end(faults: string[]): Promise<void> {
    const stage = this.#stage;
    if (stage !== undefined) {
      const { fleet, postgres, redis, dataDir } = stage;
      for (const member of fleet.living) if (member.isPaused) fleet.resume(member);
      const orderly = await Promise.all(fleet.living.map((member) => fleet.stop(member)));
      if (orderly.includes(false)) faults.push('a process did not end after SIGTERM');
      await fleet.end();
      const embedded = await embeddedSettings(dataDir);
      const secrets = [...this.#known(), embedded?.ownerPassword, embedded?.readerPassword].filter(
        (secret) => secret !== undefined,
      );
      for (const ended of fleet.ended) faults.push(...outputFaults(ended, secrets));
      const logs = [postgres?.logFile, redis?.logFile, ...(await embeddedLogs(dataDir))];
      faults.push(
        ...(await filesWithSecrets(
          logs.filter((file) => file !== undefined),
          secrets,
        )),
      );
      if (faults.length > 0) await this.#keepLogs(stage);
      await postgres?.stop();
      await redis?.kill();
      await stage.simulator.stop();
      await stage.outsider.stop();
    }
  }

  async #migrate({ fleet }: Stage): Promise<void> {
    const { exitCode, stderr } = await fleet.start('migrate').program.ended;
    if (exitCode !== 0) throw new Error(`migrate ended with ${exitCode}: ${stderr}`);
  }

  /** Starts the workers anew, and waits until they have caught up. */
  async #waitInQuiet(stage: Stage): Promise<readonly string[]> {
    const { simulator, fleet, redis } = stage;
    const plan = this.#plan;
    const since = this.#quietAt ?? Date.now();
    simulator.outage(false);
    simulator.setFaults({ ...stage.faults, rules: [] });
    await Promise.all(fleet.living.map((member) => fleet.stop(member)));
    if (!plan.patient) {
      const url = await this.#adminUrl(stage);
      if (url !== undefined) await expireLeases(url);
      await redis?.ask((client) => client.flushall());
    }
    for (let worker = 1; worker <= plan.workers; worker += 1) {
      fleet.start(plan.shape === 'embedded' ? 'start' : 'worker');
    }
    const step = INTERVAL_SECONDS * 1_000;
    return await waitUntilCaughtUp({
      url: () => this.#adminUrl(stage),
      organizationIds: simulator.organizations.filter(({ enabled }) => enabled).map(({ id }) => id),
      since,
      finalUntil: Math.floor((since - plan.finalLagSeconds * 1_000) / step) * step,
      patienceMs: CATCH_UP_MS,
    });
  }

  async #adminUrl({ postgres, dataDir }: Stage): Promise<string | undefined> {
    return postgres === undefined ? await embeddedUrl(dataDir) : postgres.adminUrl;
  }

  #known(): readonly string[] {
    return Object.values(this.#secrets);
  }

  async #keepLogs({ fleet }: Stage): Promise<void> {
    await writeFile(join(this.#directory, 'plan.json'), `${JSON.stringify(this.#plan, undefined, 2)}\n`);
    for (const { number, command, stdout, stderr } of fleet.ended) {
      await writeFile(
        join(this.#directory, `${String(number).padStart(3, '0')}-${command}.log`),
        stdout + stderr,
      );
    }
  }
}
