import { type Clock, hasPassed } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { readFindings } from '../db/stream-findings.ts';
import { MICROSECONDS_PER_SECOND } from '../instant.ts';
import type { Log } from '../log.ts';
import { STREAM_NAMES } from '../stream-key.ts';
import { settleHint } from '../sync/settle-hint.ts';
import type { Stream } from '../sync/stream.ts';
import type { LiveJob } from './jobs.ts';

export interface LatenessWatchOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly streamsOf: (job: LiveJob) => readonly Stream[];
}

const DAY_MS = 86_400_000;

/** Says, once a day for each stream, when the settle time is too short for the lateness seen. */
export class LatenessWatch {
  readonly #options: LatenessWatchOptions;
  readonly #saidAt = new Map<string, number>();

  constructor(options: LatenessWatchOptions) {
    this.#options = options;
  }

  async look(organizationIds: readonly string[]): Promise<void> {
    const { database, clock, log, streamsOf } = this.#options;
    const nameOf = (...parts: readonly string[]) => parts.join('/');
    const findings = new Map(
      (await readFindings(database.query)).map((one) => [
        nameOf(one.organization_id, one.stream, one.series),
        one,
      ]),
    );
    for (const stream of organizationIds.flatMap((organizationId) =>
      STREAM_NAMES.flatMap((name) => streamsOf({ organizationId, stream: name })),
    )) {
      const { key, limits } = stream;
      const place = nameOf(key.organizationId, key.stream, key.series);
      const found = findings.get(place);
      const lateSeconds = found?.late_max_seconds ?? null;
      const settle = limits.settle / MICROSECONDS_PER_SECOND;
      const hint = settleHint(key.stream, lateSeconds, settle);
      const saidAt = this.#saidAt.get(place) ?? Number.NEGATIVE_INFINITY;
      if (hint === undefined || !hasPassed(DAY_MS, saidAt, clock.now())) continue;
      this.#saidAt.set(place, clock.now());
      log.warn({ ...key, lateSeconds, settleSeconds: settle }, hint);
    }
  }
}
