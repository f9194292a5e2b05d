/*
 * Rows that no archive can store as documented have to be in quarantine, as they came and as often as they came:
 * all of final time, and nothing that was never sent.
 */
import type pg from 'pg';
import { asciiJson } from '../../src/db/quarantine.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { finalStretches } from '../support/truth.ts';
import { compareMultisets } from './multiset.ts';

export interface QuarantineVerdict {
  readonly rows: number;
  readonly missing: number;
  readonly surplus: number;
  readonly faults: readonly string[];
}

/** The quarantine's texts are for no reader, so `client` needs the owner's rights. */
export async function judgeQuarantine(
  client: pg.Client,
  simulator: Simulator,
  organizationId: string,
): Promise<QuarantineVerdict> {
  const found = await client.query<{ raw: string; copies: number }>(
    `select raw, coalesce(copies, 1)::integer as copies from meraki_ingest.quarantine
     where organization_id = $1 and stream = 'webhook_logs'`,
    [organizationId],
  );
  const kept = found.rows.flatMap(({ raw, copies }) => Array.from({ length: copies }, () => raw));
  const sent = simulator.truthAltered(organizationId).map(asciiJson);
  const stretches = await finalStretches(client, organizationId, 'webhook_logs');
  const final = stretches
    .flatMap((stretch) => simulator.truthAltered(organizationId, stretch))
    .map(asciiJson);
  const lacking = compareMultisets(kept, final, ['kept', 'sent in final time']);
  const invented = compareMultisets(kept, sent, ['kept', 'sent']);
  const examples = [
    ...lacking.examples.filter((example) => example.startsWith('only sent')),
    ...invented.examples.filter((example) => example.startsWith('only kept')),
  ];
  return {
    rows: kept.length,
    missing: lacking.onlySecond,
    surplus: invented.onlyFirst,
    faults: examples.map((example) => `${organizationId}: quarantine: ${example.slice(0, 400)}`),
  };
}
