import type { DescribedView } from './described-views.ts';

/** The views as JSON, a line for each column, so that a review shows what was added and said otherwise. */
export function contractText(views: readonly DescribedView[]): string {
  const blocks = views.map(({ name, comment, columns }) => {
    const lines = columns.map(
      ({ name, type, comment }) =>
        `      { "name": ${JSON.stringify(name)}, "type": ${JSON.stringify(type)}, "comment": ${JSON.stringify(comment)} }`,
    );
    return `  {
    "name": ${JSON.stringify(name)},
    "comment": ${JSON.stringify(comment)},
    "columns": [\n${lines.join(',\n')}\n    ]\n  }`;
  });
  return `[\n${blocks.join(',\n')}\n]\n`;
}
