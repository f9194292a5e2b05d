/**
 * A plan for a run against the archive, drawn from a seed: bad enough to meet every path, and never so bad that
 * the archive cannot get done. Faults that go on for ever strike 2 to 25 calls in 100, all rules together, and
 * now and then each n-th later page; storms, and faults that end a job rather than a request, are bounded.
 */
import { createRandom, type Random } from '../random.ts';
import type { FaultPlan } from './fault-plan.ts';
import type { FaultRule } from './fault-rule.ts';
import { randomContents, randomWorld, type WorldSpan } from './random-contents.ts';

/** What a random plan may use. */
export interface RandomPlanOptions {
  /** Faults of single calls. Default true. */
  readonly wire?: boolean;
  /** Altered and late rows, buckets of odd widths. Default true. */
  readonly contents?: boolean;
  /** Organizations, clock, lookback and buckets that are odd for a while. Default none. */
  readonly world?: WorldSpan;
  /** Where redirects and `next` links may lead that must never see the key. Default none are drawn. */
  readonly untrustedUrl?: string;
  /** Answers that come late, by 2 seconds at most. Default true. */
  readonly hangs?: boolean;
  /** `Retry-After` of years and answers that never come, which cost a client its whole patience. Default false. */
  readonly slow?: boolean;
  /** How late rows may be, in seconds; less than the archive's settle time. Default 600. */
  readonly latenessSeconds?: number;
}

type Fault = FaultRule['fault'];
type Draw = (random: Random) => Fault;

const REDIRECT_STATUSES = [301, 302, 303, 307, 308] as const;

const PASSING: readonly Draw[] = [
  (random) => ({ kind: 'rate_limited', retryAfter: random.pick([0, 0, 1, 'missing', 'missing', 'date']) }),
  (random) => ({
    kind: 'server_error',
    status: random.pick([500, 502, 503, 504] as const),
    body: random.pick(['html', 'empty', 'json'] as const),
  }),
  () => ({ kind: 'cut', where: 'before' }),
  () => ({ kind: 'cut', where: 'within' }),
  () => ({ kind: 'cut', where: 'after' }),
  () => ({ kind: 'truncated_json' }),
  () => ({ kind: 'wrong_content_type' }),
  () => ({ kind: 'html_200' }),
  () => ({ kind: 'empty_body' }),
  (random) => ({ kind: 'redirect', to: 'shard', status: random.pick(REDIRECT_STATUSES) }),
  (random) => ({ kind: 'wrong_shape', as: random.pick(['object', 'null', 'number', 'string'] as const) }),
];
const STORMS: readonly Draw[] = PASSING.slice(0, 3);
/** What may end a job, or costs much: a few times only. */
const GRAVE: readonly Draw[] = [
  () => ({ kind: 'token_loop' }),
  () => ({ kind: 'redirect', to: 'loop' }),
  () => ({ kind: 'redirect', to: 'plain_http' }),
  (random) => ({
    kind: 'huge_body',
    bytes: random.pick([100_000, 1_000_000, 10_000_000]),
    as: random.pick(['padded', 'garbage'] as const),
  }),
];

/** A plan drawn from the seed and the options alone: the same ones give the same plan. */
export function randomFaultPlan(seed: number | string, options: RandomPlanOptions = {}): FaultPlan {
  const { wire = true, contents = true, world, latenessSeconds = 600 } = options;
  return {
    seed,
    rules: wire ? randomRules(createRandom(seed, 'plan', 'wire'), options) : [],
    ...(contents && randomContents(createRandom(seed, 'plan', 'contents'), latenessSeconds)),
    ...(world !== undefined && randomWorld(createRandom(seed, 'plan', 'world'), world)),
  };
}

function randomRules(random: Random, options: RandomPlanOptions): FaultRule[] {
  const { untrustedUrl, hangs = true, slow = false } = options;
  const storm: FaultRule[] = random.chance(0.4) ? [stormOf(random)] : [];
  const expiring: FaultRule[] = random.chance(0.3)
    ? [{ fault: { kind: 'token_expired' }, every: 5 + random.integer(56) }]
    : [];
  const hanging: FaultRule[] =
    hangs && random.chance(0.4)
      ? [few(random, { kind: 'hang', seconds: rounded(random.next() * 2) }, 20)]
      : [];
  const grave = random.chance(0.4) ? [few(random, random.pick(GRAVE)(random), 3)] : [];
  const untrusted =
    untrustedUrl !== undefined && random.chance(0.5)
      ? [few(random, random.pick(untrustedFaults(untrustedUrl)), 3)]
      : [];
  const slowly =
    slow && random.chance(0.3)
      ? [
          few(
            random,
            random.pick<Fault>([{ kind: 'rate_limited', retryAfter: 'absurd' }, { kind: 'hang' }]),
            2,
          ),
        ]
      : [];
  return [...storm, ...grave, ...untrusted, ...slowly, ...hanging, ...expiring, ...steadyRules(random)];
}

/** Two to five kinds that share 2 to 25 calls in 100. */
function steadyRules(random: Random): FaultRule[] {
  const number = 2 + random.integer(4);
  const probability = rounded((0.021 + 0.228 * random.next()) / number);
  return Array.from({ length: number }, () => ({
    fault: random.pick(PASSING)(random),
    probability,
    ...(random.chance(0.2) && { onlyLaterPages: true }),
  }));
}

function stormOf(random: Random): FaultRule {
  return {
    fault: random.pick(STORMS)(random),
    after: random.integer(150),
    probability: rounded(0.6 + 0.4 * random.next()),
    times: 5 + random.integer(20),
  };
}

function few(random: Random, fault: Fault, most: number): FaultRule {
  return {
    fault,
    after: random.integer(40),
    probability: rounded(0.05 + 0.25 * random.next()),
    times: 1 + random.integer(most),
  };
}

function untrustedFaults(url: string): readonly Fault[] {
  return [
    { kind: 'redirect', to: 'untrusted', url },
    { kind: 'next_link', to: url },
  ];
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
