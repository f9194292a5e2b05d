/*
 * One diagram for each chapter, and one box for all of its views that point to the same dimensions: with a box for
 * each view nobody would find a line. A box holds only the columns that lines begin or end at; the tables below the
 * picture have the others. Left out for the sake of older renderers, which draw them as boxes or text: `direction`,
 * line breaks in titles.
 */
import type { DescribedView } from './described-views.ts';
import { isTarget, type Relation } from './relations.ts';

/**
 * Mermaid's text of these views and of the dimensions they point to.
 *
 * @param drawn the chapter's views; dimensions of other chapters are drawn with the column pointed to alone
 */
export function entityDiagram(
  drawn: readonly DescribedView[],
  views: readonly DescribedView[],
  relations: readonly Relation[],
): string {
  const names = new Set(drawn.map(({ name }) => name));
  const lines = relations.filter(({ view }) => names.has(view));
  const targets = new Set(lines.map(({ target }) => target));
  const around = views.filter(({ name }) => targets.has(name) && !names.has(name));
  const boxes = [...alikeViews(drawn, lines), ...around.map((view) => [view])];
  return ['erDiagram', ...boxes.flatMap((alike, place) => boxText(alike, lines, place + 1))].join('\n');
}

/** Views that are pointed to stay alone, since a line has to end at their own box. */
function alikeViews(
  views: readonly DescribedView[],
  lines: readonly Relation[],
): readonly (readonly DescribedView[])[] {
  const sets = new Map<string, DescribedView[]>();
  for (const view of views) {
    const isPointedTo = view.columns.some(({ name }) => isTarget(view.name, name));
    const ends = lines.filter((line) => line.view === view.name).map(({ target }) => target);
    const key = isPointedTo ? `only ${view.name}` : ends.sort().join();
    sets.set(key, [...(sets.get(key) ?? []), view]);
  }
  return [...sets.values()];
}

function boxText(alike: readonly DescribedView[], lines: readonly Relation[], place: number): string[] {
  const [first] = alike;
  if (first === undefined) return [];
  const own = lines.filter(({ view }) => view === first.name);
  const id = alike.length === 1 ? idOf(first.name) : `views_${place}`;
  const title = alike.length === 1 ? id : `${id}["${alike.length} views"]`;
  const members = alike.length === 1 ? [] : alike.map(({ name }) => `view ${idOf(name)}`);
  const keys = first.columns.flatMap(({ name, type }) => {
    if (isTarget(first.name, name)) return [`${type} ${name} PK`];
    return own.some(({ column }) => column === name) ? [`${type} ${name} FK`] : [];
  });
  const rows = [...members, ...keys].map((row) => `    ${row}`);
  return [
    ...(rows.length === 0 ? [`  ${title}`] : [`  ${title} {`, ...rows, '  }']),
    ...own.map(
      ({ column, target, isOptional }) =>
        `  ${id} }o--${isOptional ? 'o|' : '||'} ${idOf(target)} : ${column}`,
    ),
  ];
}

/** A dot would need quotes, which not every place of a diagram takes. */
const idOf = (view: string): string => view.replace('.', '_');
