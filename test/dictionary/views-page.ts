import type { DescribedColumn, DescribedView } from './described-views.ts';
import { entityDiagram } from './entity-diagram.ts';
import { INTRODUCTION } from './introduction.ts';
import { type Relation, relationsOf } from './relations.ts';
import { groupViews, type ViewGroup } from './view-groups.ts';

/** The data dictionary, docs/views.md. */
export function viewsPage(views: readonly DescribedView[]): string {
  const relations = relationsOf(views);
  const groups = groupViews(views);
  return `${[
    INTRODUCTION,
    contentsOf(groups),
    ...groups.map((group) => chapter(group, views, relations)),
  ].join('\n\n')}\n`;
}

function contentsOf(groups: readonly ViewGroup[]): string {
  const lines = groups.map(
    ({ title, views }) =>
      `- [${title}](#${anchorOf(title)}): ${views.map(({ name }) => linkTo(name)).join(', ')}`,
  );
  return `## Contents\n\n${lines.join('\n')}`;
}

function chapter(
  { title, about, views }: ViewGroup,
  all: readonly DescribedView[],
  relations: readonly Relation[],
): string {
  return [
    `## ${title}`,
    about,
    `\`\`\`mermaid\n${entityDiagram(views, all, relations)}\n\`\`\``,
    ...views.map((view) => section(view, relations)),
  ].join('\n\n');
}

function section({ name, comment, columns }: DescribedView, relations: readonly Relation[]): string {
  const own = relations.filter(({ view }) => view === name);
  return [
    `### ${name}`,
    '',
    plain(comment),
    '',
    '| column | type | meaning |',
    '| --- | --- | --- |',
    ...columns.map((column) =>
      row(
        column,
        own.filter((relation) => relation.column === column.name),
      ),
    ),
  ].join('\n');
}

function row({ name, type, comment }: DescribedColumn, relations: readonly Relation[]): string {
  const targets = relations.map(
    ({ target, targetColumn }) => ` → [${target}.${targetColumn}](#${anchorOf(target)})`,
  );
  return `| \`${name}\` | ${type}${targets.join('')} | ${plain(comment)} |`;
}

const linkTo = (view: string): string => `[\`${view}\`](#${anchorOf(view)})`;

/** As GitHub, GitLab and Gitea make anchors of headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** Comments are plain text: nothing of them may turn into a tag, a new cell, a link or emphasis. */
function plain(comment: string): string {
  return comment.replace(/\s+/g, ' ').replace(/[|<>*[\]\\`]/g, (sign) => ENTITIES[sign] ?? `\\${sign}`);
}

const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;' };
