import type { SeriesDefinition } from '../series-file.ts';
import { USER_AGENT } from './exchange.ts';

/**
 * Names of the series that count this program's own requests: all of them, so no filter may narrow them down but
 * the one by user agent. The program uses version 1 of the API only.
 */
export function ownSeries(series: readonly SeriesDefinition[]): readonly string[] {
  const own = USER_AGENT.toLowerCase();
  return series
    .filter(({ userAgent, version = 1, operationIds, sourceIps, adminIds }) => {
      const isNarrower = [operationIds, sourceIps, adminIds].some((filter) => filter !== undefined);
      return userAgent !== undefined && own.includes(userAgent.toLowerCase()) && version === 1 && !isNarrower;
    })
    .map(({ name }) => name);
}
