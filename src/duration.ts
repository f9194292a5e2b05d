const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Reads `90s`, `5m`, `36h` or `90d` as whole seconds; `undefined` for anything else. */
export function readDuration(text: string): number | undefined {
  const match = /^(\d+)\s*([smhd])$/.exec(text.trim());
  return match === null ? undefined : Number(match[1]) * (UNIT_SECONDS[match[2] ?? ''] ?? Number.NaN);
}

/** Writes whole seconds as the configuration reads them, in the largest unit that fits. */
export function formatDuration(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    const size = UNIT_SECONDS[unit] ?? 1;
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}
