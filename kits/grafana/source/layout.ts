import type { Panel, RowPanel } from '@grafana/schema';
import type { UnplacedPanel } from './panel.ts';
import type { Plain } from './plain.ts';

const COLUMNS = 24;

/** Panels side by side: a height, and each panel with its width; or the heading of what follows. */
export type Shelf =
  | string
  | { readonly height: number; readonly panels: readonly (readonly [UnplacedPanel, number])[] };

/** Numbers the panels and gives each its place, from the top. */
export function layOut(shelves: readonly Shelf[]): Plain<Panel | RowPanel>[] {
  const placed: Plain<Panel | RowPanel>[] = [];
  let y = 0;
  for (const shelf of shelves) {
    if (typeof shelf === 'string') {
      const gridPos = { h: 1, w: COLUMNS, x: 0, y };
      placed.push({
        id: placed.length + 1,
        type: 'row',
        title: shelf,
        collapsed: false,
        gridPos,
        panels: [],
      });
      y += 1;
      continue;
    }
    let x = 0;
    for (const [panel, w] of shelf.panels) {
      placed.push({ id: placed.length + 1, gridPos: { h: shelf.height, w, x, y }, ...panel });
      x += w;
    }
    if (x !== COLUMNS)
      throw new Error(`the panels beside "${shelf.panels[0]?.[0].title}" are ${x} columns wide`);
    y += shelf.height;
  }
  return placed;
}
