/*
 * Parts of a JSON text, cut out of it as they stand. Parsing and writing again is not exact: it loses digits of
 * large numbers, fields named twice and the way characters are escaped.
 *
 * The text has been parsed before, so it is known to be JSON, and counting brackets is enough. Readers that give a
 * tree with offsets call themselves for every level, and a text nested a hundred thousand deep ends them.
 */

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN = new Set([91, 123]);
const CLOSE = new Set([93, 125]);

/** The text of each item of an array. */
export function rawItems(array: string): readonly string[] {
  return partsOf(array);
}

/** Name and text of each field of an object, in order; a name given twice is there twice. */
export function rawFields(object: string): readonly (readonly [name: string, value: string])[] {
  return partsOf(object).map((part) => {
    const end = endOfString(part, 0) + 1;
    const name = JSON.parse(part.slice(0, end)) as string;
    return [name, part.slice(part.indexOf(':', end) + 1).trim()];
  });
}

function partsOf(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = endOfString(text, at);
    else if (OPEN.has(character)) {
      depth += 1;
      if (depth === 1) from = at + 1;
    } else if (depth === 1 && (character === COMMA || CLOSE.has(character))) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
      if (character !== COMMA) depth = 0;
    } else if (CLOSE.has(character)) depth -= 1;
  }
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

/** Index of the quotation mark that ends the string beginning at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (; at < text.length && text.charCodeAt(at) !== QUOTE; at += 1) {
    if (text.charCodeAt(at) === BACKSLASH) at += 1;
  }
  return at;
}

/** Postgres reads `jsonb` level by level on its stack, which holds some thousands of them. */
const DEEPEST = 64;
/** Far within what a Postgres `numeric` holds (131,072 digits before the point, 16,383 behind it). */
const LONGEST_NUMBER = 1_000;
const NUMBER = /-?\d[\d.eE+-]*/y;

/** Why a `jsonb` cannot hold the value of a JSON text exactly; `undefined` when it can. */
export function notStorable(text: string): string | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) {
      const end = endOfString(text, at);
      const value = JSON.parse(text.slice(at, end + 1)) as string;
      if (value.includes('\0') || !value.isWellFormed()) {
        return 'holds characters that a database text cannot hold';
      }
      at = end;
    } else if (OPEN.has(character)) {
      depth += 1;
      if (depth > DEEPEST) return `is nested more than ${DEEPEST} levels deep`;
    } else if (CLOSE.has(character)) depth -= 1;
    else {
      NUMBER.lastIndex = at;
      const number = NUMBER.exec(text)?.[0];
      if (number === undefined) continue;
      const exponent = Math.abs(Number(/[eE](.*)$/.exec(number)?.[1] ?? 0));
      if (number.length > LONGEST_NUMBER || exponent > LONGEST_NUMBER) {
        return 'holds a number that a database cannot hold';
      }
      at += number.length - 1;
    }
  }
  return undefined;
}
