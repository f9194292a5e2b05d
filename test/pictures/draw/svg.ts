export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One SVG element. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? rounded(value) : String(value))}"`)
    .join('');
  return children.length === 0 ? `<${name}${given}/>` : `<${name}${given}>${children.join('')}</${name}>`;
}

export interface TextLook {
  readonly size?: number;
  readonly colour: string;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
  /** Cuts the text off where it would be wider. */
  readonly within?: number;
}

/** Text whose middle is at `y`. */
export function text(x: number, y: number, words: string, look: TextLook): string {
  const size = look.size ?? 12;
  return element(
    'text',
    {
      x,
      y: y + size * 0.36,
      fill: look.colour,
      'font-size': size,
      'font-weight': look.bold === true ? 600 : undefined,
      'text-anchor': look.anchor ?? 'start',
    },
    escaped(look.within === undefined ? words : cutOff(words, look.within, size)),
  );
}

/** About how wide a text of the font size is. */
export function textWidth(words: string, size = 12): number {
  let ems = 0;
  for (const letter of words) {
    if (/[iljtfrI.,:;|'!()[\] -]/.test(letter)) ems += 0.33;
    else if (/[mwMW@%–]/.test(letter)) ems += 0.87;
    else if (/[A-Z]/.test(letter)) ems += 0.64;
    else ems += 0.585;
  }
  return ems * size;
}

/** A line through points; `undefined` is a hole in it. */
export function path(points: readonly (readonly [number, number] | undefined)[]): string {
  let isOn = false;
  return points
    .map((point) => {
      const command = isOn ? 'L' : 'M';
      isOn = point !== undefined;
      return point === undefined ? '' : `${command}${rounded(point[0])} ${rounded(point[1])}`;
    })
    .join('');
}

function cutOff(words: string, width: number, size: number): string {
  if (textWidth(words, size) <= width) return words;
  let kept = words;
  while (kept.length > 1 && textWidth(`${kept}…`, size) > width) kept = kept.slice(0, -1);
  return `${kept.trimEnd()}…`;
}

const rounded = (value: number): string => String(Math.round(value * 100) / 100);

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
