import pg from 'pg';
import { type Question, RANGES, type RangeName, type Subject } from './question.ts';

interface Recipe {
  readonly heading: string;
  readonly sql: string;
}

/** The queries of the cookbook: each `sql` block, named by the heading above it. */
export function recipesOf(markdown: string): readonly Recipe[] {
  const recipes: Recipe[] = [];
  let heading = '';
  let block: string[] | undefined;
  for (const line of markdown.split('\n')) {
    if (block !== undefined) {
      if (!line.startsWith('```')) block.push(line);
      else {
        recipes.push({ heading: numbered(heading, recipes), sql: block.join('\n').trim().replace(/;$/, '') });
        block = undefined;
      }
    } else if (line.startsWith('```sql')) block = [];
    else heading = /^#{2,3} (.+)$/.exec(line)?.[1] ?? heading;
  }
  return recipes;
}

function numbered(heading: string, before: readonly Recipe[]): string {
  const same = before.filter((recipe) => recipe.heading.startsWith(heading)).length;
  return same === 0 ? heading : `${heading} (${same + 1})`;
}

/** Asks a recipe for each stretch of time, where it takes one. */
export function recipeQuestions({ heading, sql }: Recipe, subject: Subject): readonly Question[] {
  const ranges: readonly RangeName[] = /:'(from|to)'/.test(sql) ? RANGES.map(({ name }) => name) : ['whole'];
  return ranges.map((range) => ({
    name: heading,
    from: 'cookbook',
    fetches: 'answer',
    scope: sql.includes(":'organization'") ? 'largest organization' : 'all organizations',
    range,
    sql: filledIn(sql, range, subject),
  }));
}

/** @throws when the recipe has a parameter that nobody knows a value for */
function filledIn(sql: string, range: RangeName, subject: Subject): string {
  const { largest, fromOf, to, parameters } = subject;
  const from = fromOf[range === 'whole' ? 'day' : range];
  const values: Readonly<Record<string, string>> = { ...parameters, organization: largest, from, to };
  return sql.replace(/:'(\w+)'/g, (_match, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the cookbook has a parameter without a value: ${name}`);
    return pg.escapeLiteral(value);
  });
}
