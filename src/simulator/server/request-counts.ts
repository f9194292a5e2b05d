/** How often the simulator gave one kind of answer. */
export interface RequestCount {
  /** Null for requests that concern no single organization. */
  readonly organizationId: string | null;
  readonly operation: string;
  /** HTTP status; 0 where the connection was cut. */
  readonly status: number;
  readonly count: number;
}

/** Counts answers by organization, operation and status. */
export class RequestCounts {
  readonly #counts = new Map<string, RequestCount>();

  add(organizationId: string | null, operation: string, status: number): void {
    const key = `${organizationId} ${operation} ${status}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { organizationId, operation, status, count });
  }

  list(): RequestCount[] {
    return [...this.#counts.values()];
  }

  reset(): void {
    this.#counts.clear();
  }
}
