/** Grafana's dark theme, as near as its pictures need. */
export const THEME = {
  page: '#111217',
  panel: '#181b1f',
  border: '#25272d',
  grid: '#2a2d34',
  text: '#d8d9e0',
  faint: '#8e9099',
  font: 'DejaVu Sans Condensed, DejaVu Sans, sans-serif',
} as const;

const HUES: Readonly<
  Record<string, readonly [superLight: string, light: string, plain: string, semiDark: string, dark: string]>
> = {
  red: ['#FFA6B0', '#FF7383', '#F2495C', '#E02F44', '#C4162A'],
  orange: ['#FFCB7D', '#FFB357', '#FF9830', '#FF780A', '#FA6400'],
  yellow: ['#FFF899', '#FFEE52', '#FADE2A', '#F2CC0C', '#E0B400'],
  green: ['#C8F2C2', '#96D98D', '#73BF69', '#56A64B', '#37872D'],
  blue: ['#C0D8FF', '#8AB8FF', '#5794F2', '#3274D9', '#1F60C4'],
  purple: ['#DEB6F2', '#CA95E5', '#B877D9', '#A352CC', '#8F3BB8'],
};
const SHADES = ['super-light', 'light', '', 'semi-dark', 'dark'];

/** Colours of series that have none of their own, in order. */
const PALETTE = [
  'green',
  'semi-dark-yellow',
  'light-blue',
  'semi-dark-orange',
  'red',
  'blue',
  'purple',
  'dark-purple',
  'dark-green',
  'yellow',
];

/** A colour of Grafana by its name. */
export function colour(name: string): string {
  if (name === 'text') return THEME.text;
  if (name === 'transparent' || name.startsWith('#')) return name;
  const [, shade = '', hue = ''] = /^(?:(.+)-)?(\w+)$/.exec(name) ?? [];
  const found = HUES[hue]?.[SHADES.indexOf(shade)];
  if (found === undefined) throw new Error(`the colour ${name} is not known here`);
  return found;
}

export function paletteColour(index: number): string {
  return colour(PALETTE[index % PALETTE.length] ?? 'green');
}

/** A colour between that of the panel and a strong one, for a share from 0 to 1. */
export function tint(hue: string, share: number): string {
  return mixed(THEME.panel, colour(hue), 0.12 + 0.88 * Math.min(1, Math.max(0, share)));
}

export function mixed(from: string, to: string, share: number): string {
  const channel = (hex: string, at: number): number => Number.parseInt(hex.slice(at, at + 2), 16);
  const parts = [1, 3, 5].map((at) => Math.round(channel(from, at) * (1 - share) + channel(to, at) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
