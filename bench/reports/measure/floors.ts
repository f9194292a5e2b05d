import type { Question } from './question.ts';

/** How long a question may take at most, in milliseconds; `undefined`: nothing was promised. */
export function floorOf({ name, from, fetches, scope, range }: Question): number | undefined {
  if (from === 'cookbook' || fetches === 'newest 1000') return undefined;
  if (name === 'webhook_endpoint_health' || name === 'freshness') return 100;
  if (range !== 'year') return undefined;
  if (scope !== 'all organizations' && /_(hourly|daily)$/.test(name)) return 300;
  return scope === 'all organizations' && name.endsWith('_daily') ? 1_500 : undefined;
}
