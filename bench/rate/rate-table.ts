import type { RateFigures } from './measure-rate.ts';
import type { RateCase } from './rate-options.ts';

export interface Measured {
  readonly wanted: RateCase;
  readonly figures: RateFigures;
}

const LEAST_USE = 0.95;
const MOST_REFUSED = 0.005;

export function isKept({ wanted, figures }: Measured): boolean {
  return !wanted.hasFloors || (figures.use >= LEAST_USE && figures.refused < MOST_REFUSED);
}

export function rateRows(measured: readonly Measured[]): readonly (readonly string[])[] {
  return [
    [
      'queue',
      'workers',
      'organizations',
      'budget a second',
      'answer ms',
      'pages',
      'least s',
      'took s',
      'times',
      'use %',
      '429 %',
      'waste %',
      'live waited ms',
      'floors',
    ],
    ...measured.map((one) => {
      const { wanted, figures } = one;
      const budget = Math.min(wanted.organizations * wanted.requestsPerSecond, wanted.perAddress);
      return [
        wanted.store,
        String(wanted.workers),
        String(wanted.organizations),
        String(budget),
        String(wanted.latencyMs),
        `${wanted.pages} of ${wanted.perPage}`,
        figures.leastSeconds.toFixed(0),
        figures.seconds.toFixed(1),
        (figures.seconds / figures.leastSeconds).toFixed(2),
        (100 * figures.use).toFixed(1),
        (100 * figures.refused).toFixed(2),
        (100 * figures.waste).toFixed(1),
        figures.liveWaitedMs?.toFixed(0) ?? '',
        wanted.hasFloors ? (isKept(one) ? 'ok' : 'MISSED') : 'none',
      ];
    }),
  ];
}
