/** SQL without the indentation of its source file. Pieces of several lines are indented like the line they stand in. */
export function sql(parts: TemplateStringsArray, ...pieces: readonly string[]): string {
  const text = parts.reduce((before, part, index) => {
    const indentation = /[^\n]*$/.exec(before)?.[0].match(/^ */)?.[0] ?? '';
    return before + (pieces[index - 1] ?? '').replaceAll('\n', `\n${indentation}`) + part;
  });
  const lines = text.replace(/^\n/, '').trimEnd().split('\n');
  const depth = Math.min(
    ...lines.filter((line) => line !== '').map((line) => line.length - line.trimStart().length),
  );
  return lines.map((line) => line.slice(depth).trimEnd()).join('\n');
}
