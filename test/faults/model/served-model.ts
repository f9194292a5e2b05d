/*
 * What may be claimed at most, told by the simulator's own log of whole answers: covered is only what was answered
 * for, and final only what was answered so long after it was sent that it had settled.
 */
import { type Instant, instantOfMilliseconds, parseInstant } from '../../../src/instant.ts';
import { type Ranges, union } from '../../../src/ranges.ts';
import type { Simulator } from '../../../src/simulator/simulator.ts';
import type { StreamName } from '../../../src/stream-key.ts';
import type { ModelPlan } from './model-plan.ts';

export const OPERATIONS = {
  webhook_logs: 'getOrganizationWebhooksLogs',
  api_responses: 'getOrganizationApiRequestsOverviewResponseCodesByInterval',
} as const;
/** The `Date` header drops the fraction, and a measured clock is so much off. */
const CLOCK_GRAIN = 2_000_000;

export class ServedModel {
  readonly #simulator: Simulator;
  readonly #organizationId: string;
  readonly #settle: ModelPlan['settle'];
  readonly #userAgent: string | undefined;

  constructor(
    simulator: Simulator,
    organizationId: string,
    { settle, userAgent }: Pick<ModelPlan, 'settle' | 'userAgent'>,
  ) {
    this.#userAgent = userAgent;
    this.#simulator = simulator;
    this.#organizationId = organizationId;
    this.#settle = settle;
  }

  time(stream: StreamName): { readonly answered: Ranges; readonly settled: Ranges } {
    const { logs, codes } = this.#settle;
    const settle = instantOfMilliseconds(stream === 'webhook_logs' ? logs : codes) - CLOCK_GRAIN;
    const isFiltered = stream === 'api_responses' && this.#userAgent !== undefined;
    const query = isFiltered ? { filters: `userAgent=${this.#userAgent}` } : {};
    const given = this.#simulator.servedAnswers(this.#organizationId, OPERATIONS[stream], query);
    const answers = given.map((answer) => ({
      from: instantOf(answer.from),
      to: instantOf(answer.to),
      answeredAt: instantOf(answer.answeredAt),
    }));
    return {
      answered: union(answers),
      settled: union(
        answers.map(({ from, to, answeredAt }) => ({ from, to: Math.min(to, answeredAt - settle) })),
      ),
    };
  }
}

function instantOf(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`the simulator told a time that is none: ${text}`);
  return instant;
}
