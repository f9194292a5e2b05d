import type { DescribedView } from './described-views.ts';

/** A view without its comments, which may be put better at any time. */
export type PromisedView = Pick<DescribedView, 'name'> & {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
};

/**
 * What readers of the promised views would miss in the present ones: the old columns have to be the beginning of
 * the new ones, with the same names and types.
 *
 * @returns one line for each break, none when only views and columns at the end were added
 */
export function contractBreaks(
  promised: readonly PromisedView[],
  present: readonly PromisedView[],
): readonly string[] {
  const now = new Map(present.map((view) => [view.name, view]));
  return promised.flatMap((view) => {
    const successor = now.get(view.name);
    return successor === undefined ? [`${view.name} vanished`] : breaksOf(view, successor);
  });
}

function breaksOf(promised: PromisedView, present: PromisedView): string[] {
  return promised.columns.flatMap(({ name, type }, place) => {
    const found = present.columns.findIndex((column) => column.name === name);
    const column = present.columns[found];
    const title = `${promised.name}.${name}`;
    if (column === undefined) return [`${title} vanished`];
    const breaks: string[] = [];
    if (column.type !== type) breaks.push(`${title} was ${type} and is ${column.type}`);
    if (found !== place) breaks.push(`${title} was column ${place + 1} and is column ${found + 1}`);
    return breaks;
  });
}
