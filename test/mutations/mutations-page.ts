import type { Mutation } from './mutation.ts';
import type { FailedTest } from './run-test-files.ts';

/** A mutation that was tried, and the tests that failed for it. */
export interface TriedMutation {
  readonly mutation: Mutation;
  readonly failed: readonly FailedTest[];
}

const NAMED = 2;
const INTRODUCTION = `# Mutations

Each row is a mistake that was made in the code on purpose, alone, and the tests that failed for it. The invariants
are those of [architecture.md](architecture.md). The page is written by \`npm run test:mutations\`, which tries all of
them and fails when one is not noticed; \`npm run test:mutations -- fence\` tries those with "fence" in their name.
`;

/** The page \`docs/mutations.md\`. */
export function mutationsPage(tried: readonly TriedMutation[]): string {
  const rows = tried.map(
    ({ mutation, failed }) =>
      `| ${mutation.invariant} | ${cell(mutation.name)} | \`${mutation.file}\` | ${caughtBy(failed)} |`,
  );
  const invariants = [...new Set(tried.map(({ mutation }) => mutation.invariant))].length;
  return [
    INTRODUCTION,
    `${tried.length} mutations of ${invariants} invariants, all caught.`,
    '',
    '| invariant | mutation | of | caught by |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function caughtBy(failed: readonly FailedTest[]): string {
  const files = [...new Set(failed.map(({ file }) => file))];
  return files
    .map((file) => {
      const names = failed.filter((test) => test.file === file).map(({ name }) => cell(name));
      const more = names.length > NAMED ? [`and ${names.length - NAMED} more`] : [];
      return `\`${file.replace(/^test\//, '')}\`: ${[...names.slice(0, NAMED), ...more].join('; ')}`;
    })
    .join('<br>');
}

function cell(text: string): string {
  return text.replace(/[|<>]/g, (sign) => ({ '|': '\\|', '<': '&lt;', '>': '&gt;' })[sign] ?? sign);
}
