import type { FastifyReply, FastifyRequest } from 'fastify';
import { formatMicrosecond } from '../moment.ts';
import { type Operation, WEBHOOK_LOGS } from '../operations.ts';
import { type ServedStretch, ServedTime } from './served-time.ts';

/** Which answers are meant. */
export interface ServedQuery {
  /** The filters as a query string in the order of their names, e.g. `userAgent=Legacy&version=0`. Default none. */
  readonly filters?: string | undefined;
  /** Width of the buckets in seconds; without it all widths. */
  readonly interval?: number | undefined;
}

/** A stretch of time that was answered for; half-open, ISO 8601 with microseconds. */
export interface Served {
  readonly from: string;
  readonly to: string;
}

/** With the moment of the latest answer, by the simulator's clock; for time long past it may be an earlier one. */
export interface ServedAnswer extends Served {
  readonly answeredAt: string;
  /** Seconds; null for the webhook log. */
  readonly interval: number | null;
}

interface Entry extends ServedStretch {
  readonly organizationId: string;
  readonly operation: Operation;
  readonly filters: string;
  readonly interval: number | null;
}

interface Kept {
  readonly organizationId: string;
  readonly operation: Operation;
  readonly filters: string;
  readonly interval: number | null;
  readonly time: ServedTime;
}

/** What time was really answered for: whole bodies, handed over to the socket, that nothing had spoiled. */
export class ServedLog {
  readonly #kept = new Map<string, Kept>();

  /** Adds the answer once it is out; one that is cut off, or no longer JSON, is never added. */
  onceSent(request: FastifyRequest, reply: FastifyReply, entry: Entry): void {
    if (request.method !== 'GET' || request.fault?.kind === 'truncated_json') return;
    reply.raw.once('finish', () => this.#add(entry));
  }

  /** All time that was answered for, whatever the moment; oldest first. */
  stretches(organizationId: string, operation: Operation = WEBHOOK_LOGS, query: ServedQuery = {}): Served[] {
    const all = new ServedTime();
    for (const { time } of this.#matching(organizationId, operation, query)) {
      for (const { from, to } of time.list()) all.add({ from, to, answeredAt: 0 });
    }
    return all.list().map(({ from, to }) => ({ from: formatMicrosecond(from), to: formatMicrosecond(to) }));
  }

  /** The same with the moments of the answers, by width of the buckets. */
  answers(
    organizationId: string,
    operation: Operation = WEBHOOK_LOGS,
    query: ServedQuery = {},
  ): ServedAnswer[] {
    return this.#matching(organizationId, operation, query).flatMap(({ interval, time }) =>
      time.list().map(({ from, to, answeredAt }) => ({
        from: formatMicrosecond(from),
        to: formatMicrosecond(to),
        answeredAt: formatMicrosecond(answeredAt),
        interval,
      })),
    );
  }

  #matching(organizationId: string, operation: Operation, { filters = '', interval }: ServedQuery): Kept[] {
    return [...this.#kept.values()].filter(
      (kept) =>
        kept.organizationId === organizationId &&
        kept.operation === operation &&
        kept.filters === filters &&
        (interval === undefined || kept.interval === interval),
    );
  }

  #add(entry: Entry): void {
    const { organizationId, operation, filters, interval } = entry;
    const key = `${organizationId} ${operation} ${interval} ${filters}`;
    let kept = this.#kept.get(key);
    if (kept === undefined) {
      kept = { organizationId, operation, filters, interval, time: new ServedTime() };
      this.#kept.set(key, kept);
    }
    kept.time.add({ from: entry.from, to: entry.to, answeredAt: entry.answeredAt });
  }
}
