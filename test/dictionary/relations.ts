/*
 * Views have no foreign keys, so what belongs together is known by name: a column of these names holds a value of
 * that column of that dimension.
 */
import type { DescribedView } from './described-views.ts';

/** A column of a view that points to one row of a dimension. */
export interface Relation {
  readonly view: string;
  readonly column: string;
  readonly target: string;
  readonly targetColumn: string;
  /** Whether the value can be null or have no row there. */
  readonly isOptional: boolean;
}

type RelationRule = Omit<Relation, 'view'>;

const RULES: readonly RelationRule[] = [
  { column: 'organization_id', target: 'organizations', targetColumn: 'id', isOptional: false },
  { column: 'network_key', target: 'networks', targetColumn: 'network_key', isOptional: false },
  { column: 'endpoint_key', target: 'webhook_endpoints', targetColumn: 'endpoint_key', isOptional: false },
  { column: 'alert_type_key', target: 'alert_types', targetColumn: 'alert_type_key', isOptional: false },
  { column: 'date', target: 'dates', targetColumn: 'date', isOptional: false },
  // No answer has no code, and a receiver may answer with a code that is in no list.
  { column: 'response_code', target: 'response_codes', targetColumn: 'response_code', isOptional: true },
];

/** The columns that point to a dimension, among views of the same schema. */
export function relationsOf(views: readonly DescribedView[]): readonly Relation[] {
  const known = new Set(
    views.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column.name}`)),
  );
  return views.flatMap(({ name: view, columns }) => {
    const schema = view.slice(0, view.indexOf('.') + 1);
    return columns.flatMap(({ name: column }) =>
      RULES.filter((rule) => rule.column === column)
        .map((rule) => ({ ...rule, view, target: schema + rule.target }))
        .filter(({ target, targetColumn }) => target !== view && known.has(`${target}.${targetColumn}`)),
    );
  });
}

/** Whether some view may point to this column. */
export function isTarget(view: string, column: string): boolean {
  const name = view.slice(view.indexOf('.') + 1);
  return RULES.some(({ target, targetColumn }) => target === name && targetColumn === column);
}
