import type { Mutation } from '../mutation.ts';

export const nothingDropped: readonly Mutation[] = [
  {
    name: 'drops bad rows silently',
    invariant: 'I7',
    file: 'src/streams/webhook-logs.ts',
    find: 'else refused.push(',
    replace: 'else void (',
    caughtBy: ['test/unit/streams/webhook-logs.test.ts'],
  },
  {
    name: 'fails the page for one bad row',
    invariant: 'I7',
    file: 'src/streams/webhook-logs.ts',
    find: 'const parsed = parseWebhookLogRow(item);',
    replace: `const parsed = parseWebhookLogRow(item);
    if (!parsed.ok) throw new Error(parsed.reason);`,
    caughtBy: ['test/unit/streams/webhook-logs.test.ts'],
  },
  {
    name: 'drops bad buckets silently',
    invariant: 'I7',
    file: 'src/streams/api-responses.ts',
    find: 'if (!parsed.ok) refused.push(',
    replace: 'if (!parsed.ok) void (',
    caughtBy: ['test/unit/streams/api-responses.test.ts'],
  },
  {
    name: 'forgets the quarantine when it commits',
    invariant: 'I7',
    file: 'src/sync/commit-page.ts',
    find: 'await quarantineRows(tx, held.key, reading.refused, now)',
    replace: '0',
    caughtBy: ['test/integration/run-lane.test.ts'],
  },
  {
    name: 'cuts quarantined rows short',
    invariant: 'I7',
    file: 'src/db/quarantine.ts',
    find: 'asciiJson(row.raw)',
    replace: 'asciiJson(row.raw.slice(0, 1_000))',
    caughtBy: ['test/integration/quarantine.test.ts'],
  },
  {
    name: 'drops unknown fields when it reads a row',
    invariant: 'I7',
    file: 'src/streams/webhook-log-row.ts',
    find: 'z.looseObject(',
    replace: 'z.object(',
    caughtBy: ['test/unit/streams/webhook-log-row.test.ts'],
  },
  {
    name: 'drops unknown fields when it stores a row',
    invariant: 'I7',
    file: 'src/db/webhook-deliveries.ts',
    find: 'x: row.extra,',
    replace: 'x: null,',
    caughtBy: ['test/integration/webhook-deliveries.test.ts'],
  },
  {
    name: 'lets text through that a database cannot hold',
    invariant: 'I7',
    file: 'src/streams/webhook-log-row.ts',
    find: "!text.includes('\\0') && text.isWellFormed()",
    replace: 'true',
    caughtBy: ['test/unit/streams/webhook-log-row.test.ts'],
  },
];
