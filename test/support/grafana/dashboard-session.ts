import type pg from 'pg';
import type { DashboardFile, PanelFile, TargetFile, VariableFile } from './dashboard-files.ts';
import { expandMacros, type TimeRange } from './expand-macros.ts';
import { type Frame, frameOf, toTimeSeries } from './frame.ts';
import { interpolateVariables, type Selection } from './interpolate-variables.ts';

const DAY_MS = 86_400_000;
/** Panels are some so many pixels wide, and Grafana asks for no more points than that. */
const POINTS = 1000;

export interface Option {
  readonly text: string;
  readonly value: string;
}

/** A dashboard as one viewer has it open: variables chosen, a time range, a login. */
export class DashboardSession {
  readonly #client: pg.Client;
  readonly range: TimeRange;
  readonly #selection = new Map<string, string | readonly string[]>();
  readonly #options = new Map<string, readonly Option[]>();

  private constructor(client: pg.Client, range: TimeRange) {
    this.#client = client;
    this.range = range;
  }

  /**
   * Opens a dashboard: asks for the options of each variable in turn and chooses its default, or what `chosen` says
   * for it by the text of options.
   */
  static async open(
    dashboard: DashboardFile,
    client: pg.Client,
    { to, chosen = {}, range }: OpenOptions,
  ): Promise<DashboardSession> {
    const session = new DashboardSession(client, range ?? { from: back(to, dashboard.time.from), to });
    for (const variable of dashboard.templating.list) await session.#choose(variable, chosen[variable.name]);
    return session;
  }

  get selection(): Selection {
    return this.#selection;
  }

  /** What can be chosen for a variable that asks the database. */
  optionsOf(name: string): readonly Option[] {
    return this.#options.get(name) ?? [];
  }

  /** What is chosen for a variable that asks the database, in words. */
  chosenText(name: string): readonly string[] {
    const values = [this.#selection.get(name) ?? []].flat();
    return this.optionsOf(name)
      .filter(({ value }) => values.includes(value))
      .map(({ text }) => text);
  }

  /** The SQL that reaches Postgres. */
  sqlOf(target: TargetFile, panel?: PanelFile): string {
    const { from, to } = this.range;
    const least = panel?.interval === undefined ? 60_000 : milliseconds(panel.interval);
    const interval = Math.max(least, roundInterval((to.getTime() - from.getTime()) / POINTS));
    return expandMacros(interpolateVariables(target.rawSql, this.#selection), this.range, interval).sql;
  }

  /** What a panel, an annotation or a variable gets as its answer. */
  async answer(target: TargetFile, panel?: PanelFile): Promise<Frame> {
    const frame = await this.#ask(this.sqlOf(target, panel));
    return target.format === 'time_series' ? toTimeSeries(frame) : frame;
  }

  async #ask(sql: string): Promise<Frame> {
    return frameOf(await this.#client.query<unknown[]>({ text: sql, rowMode: 'array' }));
  }

  async #choose(variable: VariableFile, chosen: readonly string[] | undefined): Promise<void> {
    const { name, multi, current } = variable;
    if (variable.type !== 'query') {
      const [only] = chosen ?? [];
      this.#selection.set(name, only ?? current.value);
      return;
    }
    const sql = expandMacros(interpolateVariables(variable.query, this.#selection), this.range, 60_000).sql;
    const options = optionsIn(await this.#ask(sql));
    this.#options.set(name, options);
    const isAll = chosen === undefined && variable.includeAll;
    const wanted = chosen ?? [current.text].flat();
    const values = options.filter(({ text }) => isAll || wanted.includes(text)).map(({ value }) => value);
    this.#selection.set(name, multi ? values : (values[0] ?? options[0]?.value ?? ''));
  }
}

export interface OpenOptions {
  readonly to: Date;
  readonly range?: TimeRange;
  readonly chosen?: Readonly<Record<string, readonly string[]>>;
}

/** Of options with the same text Grafana keeps the first. */
function optionsIn(frame: Frame): readonly Option[] {
  const texts = frame.find(({ name }) => name === '__text')?.values ?? [];
  const values = frame.find(({ name }) => name === '__value')?.values ?? [];
  const options = texts.map((text, row) => ({ text: String(text), value: String(values[row]) }));
  return options.filter(({ text }, row) => options.findIndex((other) => other.text === text) === row);
}

function back(to: Date, from: string): Date {
  const [, days] = /^now-(\d+)d$/.exec(from) ?? [];
  if (days === undefined) throw new Error(`${from} is not understood here`);
  return new Date(to.getTime() - Number(days) * DAY_MS);
}

const STEPS = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

function roundInterval(milliseconds: number): number {
  return (STEPS.find((step) => step * 1000 >= milliseconds) ?? 604_800) * 1000;
}

function milliseconds(interval: string): number {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(interval) ?? [];
  return Number(count) * { m: 60_000, h: 3_600_000, d: DAY_MS }[(unit ?? 'm') as 'm' | 'h' | 'd'];
}
