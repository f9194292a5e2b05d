import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A series of its own: the counts of requests that pass these filters. */
export interface SeriesDefinition {
  readonly name: string;
  readonly version?: 0 | 1 | undefined;
  readonly operationIds?: readonly string[] | undefined;
  readonly sourceIps?: readonly string[] | undefined;
  readonly adminIds?: readonly string[] | undefined;
  readonly userAgent?: string | undefined;
}

const filterList = z.array(z.string().min(1)).nonempty().optional();
const seriesFileShape = z.strictObject({
  series: z.array(
    z
      .strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, {
          error: 'must be 1 to 40 small letters, digits, - or _',
        }),
        version: z.union([z.literal(0), z.literal(1)]).optional(),
        operationIds: filterList,
        sourceIps: filterList,
        adminIds: filterList,
        userAgent: z.string().min(1).optional(),
      })
      .refine(
        ({ name: _name, ...filters }) => Object.values(filters).some((filter) => filter !== undefined),
        {
          error: 'needs at least one filter: version, operationIds, sourceIps, adminIds or userAgent',
        },
      )
      .refine(({ name }) => name !== 'all', { error: 'the name "all" is taken by the unfiltered series' }),
  ),
});

/**
 * Reads the series file.
 *
 * @param faults gets a line for each fault; never a word of the file, which may be the wrong one and hold a secret
 */
export function readSeriesFile(file: string | undefined, faults: string[]): readonly SeriesDefinition[] {
  if (file === undefined) return [];
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : errorCode(error);
    faults.push(`SERIES_FILE names a file that cannot be read (${why})`);
    return [];
  }
  const parsed = seriesFileShape.safeParse(content);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      faults.push(`SERIES_FILE ${issue.path.join('.')}: ${said(issue)}`);
    }
    return [];
  }
  const names = parsed.data.series.map((series) => series.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) faults.push(`SERIES_FILE names a series twice: ${[...new Set(twice)].join(', ')}`);
  return parsed.data.series;
}

/** zod names unknown fields, which are words of the file. */
function said(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  return 'has a field that is none of name, version, operationIds, sourceIps, adminIds, userAgent';
}

/** The system's name of an error, such as ENOENT. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
