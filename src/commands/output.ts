import { once } from 'node:events';
import Table from 'cli-table3';
import pc from 'picocolors';
import { toJson } from './json.ts';

/** Where a command writes its answer. */
export interface Output {
  readonly stream: NodeJS.WritableStream;
  /** Whether a person watches: progress moves and colours are used. */
  readonly terminal: boolean;
}

export function say(output: Output, text = ''): void {
  output.stream.write(`${presentable(text)}\n`);
}

/** A colour of ours, or what could move the cursor, rename the window or hide what was said, as black on black does. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOUR_OR_CONTROL = /(\x1b\[(?:[012]|22|3[1-39])m)|[\0-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Names and messages come from elsewhere: whoever may rename an organization has no say over anybody's terminal. */
export function presentable(text: string): string {
  return text.replace(COLOUR_OR_CONTROL, (_, colour: string | undefined) => colour ?? '\ufffd');
}

/** Writes a part of a long answer, and waits while whoever reads is behind: memory stays flat. */
export async function sayAtReadersPace(output: Output, text: string): Promise<void> {
  if (!output.stream.write(text)) await once(output.stream, 'drain');
}

export function sayJson(output: Output, value: unknown): void {
  output.stream.write(`${toJson(value, 2)}\n`);
}

export type Paint = ReturnType<typeof pc.createColors>;

export function paintFor(output: Output): Paint {
  return pc.createColors(output.terminal);
}

/** Rows under headings, without lines; columns of numbers are aligned to the right. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  rightAligned: readonly string[] = [],
): string {
  const grid = new Table({
    head: [...headings],
    colAligns: headings.map((heading) => (rightAligned.includes(heading) ? 'right' : 'left')),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
  grid.push(...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? formatNumber(cell) : cell))));
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

export function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

export function formatShare(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined) return '–';
  const percent = ratio * 100;
  return `${percent.toFixed(percent > 99 && percent < 100 ? 2 : 1)} %`;
}

/** `2026-11-22 12:00` from ISO 8601. */
export function formatMinute(timestamp: string | null): string {
  return timestamp === null ? '–' : timestamp.slice(0, 16).replace('T', ' ');
}

/** `3 d 4 h`, in the two largest units. */
export function formatSpan(seconds: number | null): string {
  if (seconds === null) return '–';
  const parts: string[] = [];
  let rest = Math.max(0, Math.round(seconds));
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) parts.push(`${amount} ${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}
