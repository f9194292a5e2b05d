export interface Statement {
  /** `file: chapter`, numbered where a chapter has several. */
  readonly name: string;
  readonly sql: string;
}

/** The `sql` blocks of a page, named by the chapter they are in. */
export function statementsIn(page: string, file: string): Statement[] {
  return page.split(/^## /m).flatMap((chapter) => {
    const title = chapter.slice(0, chapter.indexOf('\n')).trim();
    return [...chapter.matchAll(/^```sql\n(.*?)^```$/gms)].map(([, sql = ''], index) => ({
      name: `${file}: ${title}, ${index + 1}`,
      sql,
    }));
  });
}
