import type pg from 'pg';
import { parseDatabaseInstant } from '../../../src/db/multirange.ts';
import { type Range, type Ranges, rangesOf } from '../../../src/ranges.ts';
import type { StreamName } from '../../../src/stream-key.ts';

/** A stretch in the record of lost time. */
export interface RecordedLoss {
  readonly stretch: Range;
  /** Whether it is marked as found covered after all. */
  readonly isRecovered: boolean;
}

/** What a stream is said to lack: by the view of gaps, and by the record of what was lost. */
export interface StoredGaps {
  readonly pending: Ranges;
  readonly lost: Ranges;
  readonly recorded: readonly RecordedLoss[];
}

interface Row {
  readonly stream: StreamName;
  /** `recorded` and `recovered` are of the record, the others of the view. */
  readonly state: 'pending' | 'lost' | 'recorded' | 'recovered';
  readonly start: string;
  readonly end: string;
}

/** @param client is in a transaction in which `model.now` is set */
export async function readGaps(
  client: pg.PoolClient,
  organizationId: string,
): Promise<(stream: StreamName) => StoredGaps> {
  const found = await client.query<Row>({
    name: 'gaps',
    text: `select stream, state, gap_from::text as start, gap_to::text as end
      from model.gaps where organization_id = $1
      union all
      select stream, case when recovered_at is null then 'recorded' else 'recovered' end, lost_from::text, lost_to::text
      from meraki_ingest.lost_time where organization_id = $1`,
    values: [organizationId],
  });
  const rows = found.rows.map(({ stream, state, start, end }) => ({
    stream,
    state,
    stretch: { from: parseDatabaseInstant(start), to: parseDatabaseInstant(end) },
  }));
  return (stream) => {
    const mine = rows.filter((row) => row.stream === stream);
    const of = (state: Row['state']) =>
      mine.filter((row) => row.state === state).map(({ stretch }) => stretch);
    return {
      pending: rangesOf(...of('pending')),
      lost: rangesOf(...of('lost')),
      recorded: [
        ...of('recorded').map((stretch) => ({ stretch, isRecovered: false })),
        ...of('recovered').map((stretch) => ({ stretch, isRecovered: true })),
      ],
    };
  };
}
