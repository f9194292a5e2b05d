import { createHash } from 'node:crypto';

/** A place for each id within a period, the same one always: so hundreds of them do not fall on one moment. */
export function spread(id: string, period: number): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % period;
}
