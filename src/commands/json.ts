/**
 * JSON as every command prints it: names in snake_case, as the columns of the report views.
 *
 * @param indent spaces for each level; everything on one line without
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, inSnakeCase, indent);
}

function inSnakeCase(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [snakeCase(name), member]));
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
