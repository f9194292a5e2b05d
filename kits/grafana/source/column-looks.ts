import { thresholds } from './panel.ts';
import type { ColumnLook } from './table-panel.ts';

const TINTED = { mode: 'basic', type: 'color-background' } as const;

/** A share from 0 to 1 that should be high; below `fair` it is red, below `good` orange. */
export function goodShare(fair: number, good: number): ColumnLook {
  return {
    cell: TINTED,
    decimals: 1,
    thresholds: thresholds('semi-dark-red', [fair, 'semi-dark-orange'], [good, 'semi-dark-green']),
    unit: 'percentunit',
    width: 90,
  };
}

/** A number that should be low; from `doubtful` on it is orange, from `bad` on red. */
export function badNumber(unit: string, doubtful: number, bad: number): ColumnLook {
  return {
    cell: { type: 'color-text' },
    thresholds: thresholds('text', [doubtful, 'orange'], [bad, 'red']),
    unit,
  };
}

/** A part of a whole, as a bar. */
export const PART: ColumnLook = {
  cell: { mode: 'basic', type: 'gauge', valueDisplayMode: 'text' },
  color: { fixedColor: 'blue', mode: 'fixed' },
  decimals: 1,
  max: 1,
  min: 0,
  unit: 'percentunit',
};

/** A moment, in the dashboard's time zone. */
export const MOMENT: ColumnLook = { unit: 'dateTimeAsIso', width: 155 };

/** A moment, by how long ago it was or how soon it will be. */
export const AGO: ColumnLook = { unit: 'dateTimeFromNow', width: 115 };

/** Words, each with its colour. */
export function words(colours: Readonly<Record<string, string>>, width = 100): ColumnLook {
  return {
    cell: TINTED,
    mappings: [
      {
        options: Object.fromEntries(
          Object.entries(colours).map(([word, color], index) => [word, { color, index, text: word }]),
        ),
        type: 'value',
      },
    ],
    width,
  };
}
