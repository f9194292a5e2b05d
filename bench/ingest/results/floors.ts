import { type Figure, WAYS } from '../measure.ts';

export interface Floor {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  readonly kept: boolean;
}

const SHARE_OF_COPY = 0.35;
const TIMES_DRIZZLE = 3;
const MEMORY_BYTES = 200_000_000;
const REREAD_WAL = 0.15;
const REREAD_SPEED = 1.5;
/** What two runs of the same size differ by: garbage is collected when Node sees fit. */
const MEMORY_NOISE = 1.05;

/** The floors that the figures of one run can be held to. */
export function floorsOf(figures: readonly Figure[]): readonly Floor[] {
  const found = (name: string) => figures.find((figure) => figure.name === name);
  const [sync, reread] = [found(WAYS.sync), found(WAYS.reread)];
  const [copy, drizzle] = [found(WAYS.copy), found(WAYS.drizzle)];
  if (sync === undefined) return [];
  return [
    ...(copy === undefined ? [] : [atLeast('rate, of plain COPY', rate(sync) / rate(copy), SHARE_OF_COPY)]),
    ...(drizzle === undefined
      ? []
      : [atLeast("rate, of drizzle's builder", rate(sync) / rate(drizzle), TIMES_DRIZZLE)]),
    memoryFloor(sync),
    ...(reread === undefined
      ? []
      : [
          below('WAL of reading again, of the first time', perRow(reread) / perRow(sync), REREAD_WAL),
          atLeast('rate of reading again, of the first time', rate(reread) / rate(sync), REREAD_SPEED),
        ]),
  ];
}

/** The floors of two archives, the second one twice as large. */
export function memoryFloors(small: Figure, large: Figure): readonly Floor[] {
  const times = (large.peakBytes ?? 0) / (small.peakBytes ?? 1);
  return [
    memoryFloor(small),
    memoryFloor(large),
    below('peak memory of twice the rows, of the smaller run', times, MEMORY_NOISE),
  ];
}

export function rate({ rows, seconds }: Figure): number {
  return rows / seconds;
}

function perRow({ walBytes, rows }: Figure): number {
  return walBytes / rows;
}

function memoryFloor({ peakBytes, rows }: Figure): Floor {
  const found = peakBytes ?? Number.NaN;
  return {
    what: `peak memory of the worker at ${rows.toLocaleString('en')} rows`,
    wanted: `below ${MEMORY_BYTES / 1e6} MB`,
    found: `${(found / 1e6).toFixed(0)} MB`,
    kept: found < MEMORY_BYTES,
  };
}

function atLeast(what: string, found: number, least: number): Floor {
  return { what, wanted: `at least ${least}`, found: found.toFixed(2), kept: found >= least };
}

function below(what: string, found: number, most: number): Floor {
  return { what, wanted: `below ${most}`, found: found.toFixed(2), kept: found < most };
}
