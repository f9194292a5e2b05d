import type { DescribedView } from './described-views.ts';

/**
 * A view for tests.
 *
 * @param columns `name type, name type`; each gets a comment
 */
export function viewOf(name: string, columns: string): DescribedView {
  return {
    name,
    comment: `About ${name}.`,
    columns: columns.split(', ').map((column) => {
      const [title = '', ...type] = column.split(' ');
      return { name: title, type: type.join(' '), comment: `About ${title}.` };
    }),
  };
}
