import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What of a `.cpuprofile` file is read: nodes of the call tree, and which of them was on top at each sample. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface Share {
  readonly name: string;
  readonly seconds: number;
}

const ROOT = `${import.meta.dirname}/../../..`;
const NOT_WORK = new Set(['(idle)', '(program)', '(root)']);

/** Functions by the time they took themselves, without what they called; and files or packages by the same. */
export function topFunctions(profile: CpuProfile): {
  readonly functions: readonly Share[];
  readonly places: readonly Share[];
} {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  for (const [index, sample] of profile.samples.entries()) {
    const frame = frames.get(sample);
    if (frame === undefined || NOT_WORK.has(frame.functionName)) continue;
    const seconds = (profile.timeDeltas[index] ?? 0) / 1e6;
    const place = placeOf(frame.url);
    const line = frame.url === '' ? '' : `:${frame.lineNumber + 1}`;
    add(functions, `${frame.functionName || '(anonymous)'} ${place}${line}`, seconds);
    add(places, frame.url === '' ? `native ${frame.functionName}` : packageOf(place), seconds);
  }
  return { functions: sorted(functions), places: sorted(places) };
}

function placeOf(url: string): string {
  return url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)) : url;
}

/** The package of a file that is not ours. */
function packageOf(place: string): string {
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(place) ?? [];
  return name ?? place;
}

function add(sums: Map<string, number>, name: string, seconds: number): void {
  sums.set(name, (sums.get(name) ?? 0) + seconds);
}

function sorted(sums: ReadonlyMap<string, number>): readonly Share[] {
  return [...sums].map(([name, seconds]) => ({ name, seconds })).sort((a, b) => b.seconds - a.seconds);
}
