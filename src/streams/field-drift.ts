import type { FieldDrift, JsonType } from '../db/schema-drift.ts';

export type DocumentedFields = Readonly<Record<string, JsonType>>;

/** A source that uses ids as names must not fill the table: so many differences of one page are noted. */
const MOST_OF_A_PAGE = 50;

/** What differs from the documented form, each difference once. */
export class DriftNotes {
  readonly #notes = new Map<string, FieldDrift>();

  get all(): readonly FieldDrift[] {
    return [...this.#notes.values()];
  }

  /** Notes how an object differs from `documented`; what is no object has no fields. */
  compare(received: unknown, documented: DocumentedFields, prefix = ''): void {
    if (jsonTypeOf(received) !== 'object') return;
    const fields = received as Readonly<Record<string, unknown>>;
    for (const [name, type] of Object.entries(documented)) {
      if (!Object.hasOwn(fields, name))
        this.#note({ field: prefix + name, kind: 'missing', sampleType: null });
      else if (jsonTypeOf(fields[name]) !== type) {
        this.#note({ field: prefix + name, kind: 'type', sampleType: jsonTypeOf(fields[name]) });
      }
    }
    for (const name of Object.keys(fields)) {
      if (Object.hasOwn(documented, name)) continue;
      this.#note({ field: prefix + name, kind: 'unknown', sampleType: jsonTypeOf(fields[name]) });
    }
  }

  #note(drift: FieldDrift): void {
    const place = `${drift.kind} ${drift.field}`;
    if (this.#notes.size < MOST_OF_A_PAGE && !this.#notes.has(place)) this.#notes.set(place, drift);
  }
}

function jsonTypeOf(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'object';
}
