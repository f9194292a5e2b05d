import { setTimeout as delay } from 'node:timers/promises';
import type { Environment } from '../../../src/config.ts';
import { type Ended, type Program, startProgram } from '../../support/program.ts';
import type { Watchdog } from './watchdog.ts';

export type Command = 'start' | 'worker' | 'sync' | 'migrate';

/** One process of the program under test. */
export interface Member {
  readonly number: number;
  readonly command: Command;
  readonly program: Program;
  /** Whether it has said that it works. */
  isWorking: boolean;
  isPaused: boolean;
  /** What the driver did to end it. */
  bidden: 'killed' | 'stopped' | undefined;
}

export interface EndedMember extends Ended {
  readonly number: number;
  readonly command: Command;
  readonly bidden: Member['bidden'];
}

const WORKING: Record<Command, string | undefined> = {
  start: '"msg":"working"',
  worker: '"msg":"working"',
  sync: undefined,
  migrate: undefined,
};

/** All processes of the program that one round has ever started. */
export class Fleet {
  readonly #environment: Environment;
  readonly #watchdog: Watchdog;
  readonly #living = new Set<Member>();
  readonly #ended: EndedMember[] = [];
  readonly #endings: Promise<unknown>[] = [];
  #started = 0;

  constructor(environment: Environment, watchdog: Watchdog) {
    this.#environment = environment;
    this.#watchdog = watchdog;
  }

  get living(): readonly Member[] {
    return [...this.#living];
  }

  get ended(): readonly EndedMember[] {
    return this.#ended;
  }

  /** Those that have begun to work and are not paused. */
  get working(): readonly Member[] {
    return this.living.filter(({ isWorking, isPaused }) => isWorking && !isPaused);
  }

  start(command: Command): Member {
    this.#started += 1;
    const program = startProgram([command], this.#environment);
    this.#watchdog.watch(program.process);
    const member: Member = {
      number: this.#started,
      command,
      program,
      isWorking: false,
      isPaused: false,
      bidden: undefined,
    };
    this.#living.add(member);
    const sign = WORKING[command];
    if (sign !== undefined) {
      program.says('stderr', sign).then(
        () => {
          member.isWorking = true;
        },
        () => undefined,
      );
    }
    this.#endings.push(
      program.ended.then((ended) => {
        this.#living.delete(member);
        this.#ended.push({ number: member.number, command, bidden: member.bidden, ...ended });
      }),
    );
    return member;
  }

  async kill(member: Member): Promise<void> {
    member.bidden = 'killed';
    member.program.process.kill('SIGKILL');
    await member.program.ended;
  }

  /** SIGTERM, and SIGKILL for what has not ended a good while later. @returns whether it ended by itself */
  async stop(member: Member, patienceMs = 40_000): Promise<boolean> {
    member.bidden ??= 'stopped';
    member.program.process.kill('SIGTERM');
    const ended = member.program.ended.then(() => true);
    const timer = new AbortController();
    const late = delay(patienceMs, false, { signal: timer.signal }).catch(() => false);
    const inTime = await Promise.race([ended, late]);
    timer.abort();
    if (!inTime) await this.kill(member);
    return inTime;
  }

  pause(member: Member): void {
    member.isPaused = true;
    member.program.process.kill('SIGSTOP');
  }

  resume(member: Member): void {
    member.isPaused = false;
    member.program.process.kill('SIGCONT');
  }

  /** Ends whatever still runs. */
  async end(): Promise<void> {
    for (const member of this.living) await this.kill(member);
    await Promise.all(this.#endings);
  }
}
