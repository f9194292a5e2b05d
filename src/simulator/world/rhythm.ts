const OFFICE_DAY = [
  0.3, 0.25, 0.2, 0.2, 0.25, 0.4, 0.7, 1.1, 1.6, 1.9, 2.0, 1.9, 1.6, 1.8, 1.9, 1.8, 1.6, 1.3, 1.0, 0.8, 0.6,
  0.5, 0.45, 0.4,
];
const NIGHTLY = [0, 4, 12, 6, 2, ...Array.from({ length: 19 }, () => 0)];
const OFFICE_WEEK = [0.45, 1.2, 1.25, 1.25, 1.2, 1.15, 0.5];

export type Rhythm = 'steady' | 'office' | 'nightly';

/** How busy a UTC hour (counted from the epoch) is; a week's mean is about 1. */
export function busyness(rhythm: Rhythm, hour: number): number {
  if (rhythm === 'steady') return 1;
  const ofDay = (rhythm === 'office' ? OFFICE_DAY : NIGHTLY)[hour % 24] ?? 1;
  if (rhythm === 'nightly') return ofDay;
  const weekday = (Math.floor(hour / 24) + 4) % 7;
  return (ofDay / OFFICE_DAY_MEAN) * (OFFICE_WEEK[weekday] ?? 1);
}

const OFFICE_DAY_MEAN = OFFICE_DAY.reduce((sum, value) => sum + value, 0) / 24;
