import type { FieldLook } from '../../support/grafana/dashboard-files.ts';
import type { Value } from '../../support/grafana/frame.ts';
import { mappingOf } from './field-look.ts';

const TIME_STEPS: readonly (readonly [seconds: number, unit: string])[] = [
  [31_536_000, ' years'],
  [604_800, ' weeks'],
  [86_400, ' days'],
  [3600, ' hours'],
  [60, ' mins'],
  [1, ' s'],
  [0, ' ms'],
];

/** A value as Grafana writes it in its unit. */
export function formatValue(value: Value, look: FieldLook, now: Date): string {
  const mapped = mappingOf(look, value)?.text;
  if (mapped !== undefined) return mapped;
  if (value === null) return look.noValue ?? '';
  if (value instanceof Date) return formatMoment(value, look.unit, now);
  return typeof value === 'number' ? formatNumber(value, look.unit ?? 'none', look.decimals) : String(value);
}

function formatNumber(value: number, unit: string, decimals: number | undefined): string {
  switch (unit) {
    case 'percentunit':
      return `${fixed(value * 100, decimals ?? 1)}%`;
    case 's':
      return formatSeconds(value, decimals);
    case 'ms':
      return formatSeconds(value / 1000, decimals);
    case 'reqps':
      return `${fixed(value, decimals ?? 1)} req/s`;
    case 'short':
      return formatShort(value, decimals);
    default:
      return fixed(value, decimals ?? (Number.isInteger(value) ? 0 : 2));
  }
}

function formatShort(value: number, decimals: number | undefined): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${significant(value / 1e6, decimals)} Mil`;
  if (size >= 1e3) return `${significant(value / 1e3, decimals)} K`;
  return decimals === undefined ? significant(value) : fixed(value, decimals);
}

function formatSeconds(
  value: number,
  decimals: number | undefined,
  longest = Number.POSITIVE_INFINITY,
): string {
  const [step, unit] = TIME_STEPS.find(([seconds]) => seconds <= longest && Math.abs(value) >= seconds) ?? [
    1,
    ' s',
  ];
  if (value === 0) return '0 s';
  return `${significant(value / (step === 0 ? 0.001 : step), decimals)}${unit}`;
}

function formatMoment(moment: Date, unit: string | undefined, now: Date): string {
  if (unit !== 'dateTimeFromNow') return moment.toISOString().slice(0, 19).replace('T', ' ');
  const seconds = (now.getTime() - moment.getTime()) / 1000;
  const length = formatSeconds(Math.abs(seconds), 0, 86_400).replace(/^1 (\w+)s$/, '1 $1');
  return seconds < 0 ? `in ${length}` : `${length} ago`;
}

const significant = (value: number, decimals?: number): string =>
  decimals === undefined ? String(Number(value.toPrecision(3))) : fixed(value, decimals);

const fixed = (value: number, decimals: number): string => String(Number(value.toFixed(decimals)));
