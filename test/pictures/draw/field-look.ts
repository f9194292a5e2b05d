import type { FieldLook, PanelFile } from '../../support/grafana/dashboard-files.ts';
import type { Value } from '../../support/grafana/frame.ts';
import { colour } from './theme.ts';

/** What a panel says of the field of this name: its defaults, and what overrides change. */
export function lookOf(panel: PanelFile, name: string): FieldLook {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const look: Record<string, unknown> = { ...defaults, custom: { ...defaults.custom } };
  for (const { matcher, properties } of overrides) {
    const pattern = matcher.options;
    const isMeant =
      matcher.id === 'byRegexp' ? new RegExp(pattern.slice(1, -1)).test(name) : pattern === name;
    if (!isMeant) continue;
    for (const { id, value } of properties) {
      if (id.startsWith('custom.')) (look['custom'] as Record<string, unknown>)[id.slice(7)] = value;
      else look[id] = value;
    }
  }
  return look;
}

interface Mapped {
  readonly text?: string;
  readonly color?: string;
}

/** What a mapping puts in place of a value. */
export function mappingOf(look: FieldLook, value: Value): Mapped | undefined {
  for (const { type, options } of look.mappings ?? []) {
    if (type === 'value') {
      const found = (options as Readonly<Record<string, Mapped>>)[String(value)];
      if (found !== undefined) return found;
    }
    const special = options as { readonly match?: string; readonly result?: Mapped };
    if (type === 'special' && special.match === 'null' && value === null) return special.result;
  }
  return undefined;
}

/** The colour of a value: of its mapping, else of the highest threshold that it reaches. */
export function valueColour(look: FieldLook, value: Value): string {
  const mapped = mappingOf(look, value)?.color;
  if (mapped !== undefined) return colour(mapped);
  const { color, thresholds } = look;
  if (color?.mode === 'fixed') return colour(color.fixedColor ?? 'text');
  const reached = thresholds?.steps.filter(
    (step) => step.value === null || (typeof value === 'number' && value >= step.value),
  );
  return colour(reached?.at(-1)?.color ?? 'text');
}
