/*
 * One diagram for each group: of all views in one picture nobody would find a line. A box holds only the columns
 * that lines begin or end at; the tables below the picture have the others.
 */
import type { DescribedView } from './described-views.ts';
import { isTarget, type Relation } from './relations.ts';

/** Mermaid's text of these views and of the dimensions they point to. */
export function entityDiagram(
  drawn: readonly DescribedView[],
  views: readonly DescribedView[],
  relations: readonly Relation[],
): string {
  const names = new Set(drawn.map(({ name }) => name));
  const lines = relations.filter(({ view }) => names.has(view));
  const targets = new Set(lines.map(({ target }) => target));
  const around = views.filter(({ name }) => targets.has(name) && !names.has(name));
  return [
    'erDiagram',
    '  direction LR',
    ...lines.map(lineOf),
    ...drawn.flatMap((view) => boxOf(view, relations)),
    ...around.flatMap((view) => boxOf(view, [])),
  ].join('\n');
}

function lineOf({ view, target, isOptional, column }: Relation): string {
  return `  ${nameOf(view)} }o--${isOptional ? 'o|' : '||'} ${nameOf(target)} : ${column}`;
}

function boxOf({ name, columns }: DescribedView, relations: readonly Relation[]): string[] {
  const outgoing = new Set(relations.filter(({ view }) => view === name).map(({ column }) => column));
  const keys = columns.flatMap((column) => {
    const role = isTarget(name, column.name) ? 'PK' : outgoing.has(column.name) ? 'FK' : undefined;
    return role === undefined ? [] : [`    ${column.type} ${column.name} ${role}`];
  });
  return keys.length === 0 ? [`  ${nameOf(name)}`] : [`  ${nameOf(name)} {`, ...keys, '  }'];
}

/** Mermaid wants names with a dot in quotes. */
function nameOf(view: string): string {
  return view.includes('.') ? `"${view}"` : view;
}
