import type { TimeRange } from '../../support/grafana/expand-macros.ts';
import type { Frame } from '../../support/grafana/frame.ts';
import type { Axes } from './axes.ts';
import { element } from './svg.ts';
import { colour } from './theme.ts';

/** What all panels of a dashboard have in common. */
export interface Surroundings {
  readonly range: TimeRange;
  readonly now: Date;
  /** Draws the stretches that annotations mark. */
  stretches(panel: number, axes: Pick<Axes, 'plot' | 'x'>): string;
}

export interface Layer {
  /** Panels it is drawn behind; all, if missing. */
  readonly ids: readonly number[] | undefined;
  readonly iconColor: string;
  readonly frame: Frame;
}

/** What panels of a dashboard with these annotations have in common. */
export function surroundingsOf(range: TimeRange, now: Date, layers: readonly Layer[]): Surroundings {
  return {
    range,
    now,
    stretches: (panel, { plot, x }) =>
      layers
        .filter(({ ids }) => ids?.includes(panel) ?? true)
        .flatMap(({ iconColor, frame: [begin, end] }) =>
          (begin?.values ?? []).map((value, row) => {
            const clamp = (at: number): number => Math.min(plot.x + plot.w, Math.max(plot.x, at));
            const left = clamp(x(value as Date));
            const width = Math.max(1.5, clamp(x(end?.values[row] as Date)) - left);
            const fill = colour(iconColor);
            return (
              element('rect', { x: left, y: plot.y, width, height: plot.h, fill, 'fill-opacity': 0.12 }) +
              element('rect', { x: left, y: plot.y + plot.h - 2, width, height: 3, fill })
            );
          }),
        )
        .join(''),
  };
}
