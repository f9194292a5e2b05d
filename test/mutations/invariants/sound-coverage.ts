import type { Mutation } from '../mutation.ts';

export const soundCoverage: readonly Mutation[] = [
  {
    name: 'commits coverage in a transaction of its own, before the rows',
    invariant: 'I2',
    file: 'src/sync/commit-pages.ts',
    find: 'const before = await lockCoverage(tx, held.key, [...widths], now);',
    replace: `const before = await database.transaction(async (own) => {
      const stored = await lockCoverage(own, held.key, [...widths], now);
      const claimed = readings.reduce((coverage, { claims }) => addClaims(coverage, claims), stored);
      for (const [width, coverage] of claimed) {
        await saveCoverage(own, held.key, width, coverage, now);
      }
      return stored;
    });`,
    caughtBy: ['test/integration/run-lane.test.ts'],
  },
  {
    name: 'moves the checkpoint in a transaction of its own',
    invariant: 'I2',
    file: 'src/sync/commit-pages.ts',
    find: 'await advanceCheckpoint(tx, held, storedWindows([...besides, last.window]), local)',
    replace:
      'await database.transaction((own) => advanceCheckpoint(own, held, storedWindows([...besides, last.window]), local))',
    caughtBy: ['test/integration/run-lane.test.ts'],
  },
  {
    name: 'writes rows outside of the transaction of their page',
    invariant: 'I2',
    file: 'src/sync/commit-pages.ts',
    find: 'stream.write(tx,',
    replace: 'stream.write(database.query as never,',
    caughtBy: ['test/integration/run-lane.test.ts'],
  },
  {
    name: 'lets the lanes of a stream overwrite coverage of each other',
    invariant: 'I2',
    file: 'src/db/coverage.ts',
    find: ' order by interval_seconds for update',
    replace: ' order by interval_seconds',
    caughtBy: ['test/integration/coverage.test.ts'],
  },
  {
    name: 'claims a window after its first page',
    invariant: 'I2',
    file: 'src/sync/open-window.ts',
    find: 'finished: order === window.proven ?',
    replace: 'finished: window.pages >= 0 ? rangesOf(window.claim) : order === window.proven ?',
    caughtBy: ['test/unit/sync/log-orders.test.ts', 'test/unit/sync/open-window.test.ts'],
  },
  {
    name: 'trusts the order of the first page',
    invariant: 'I2',
    file: 'src/sync/open-window.ts',
    find: 'order === window.proven ?',
    replace: "order !== 'unordered' ?",
    caughtBy: ['test/unit/sync/log-orders.test.ts'],
  },
  {
    name: 'believes a direction within the reach',
    invariant: 'I2',
    file: 'src/sync/open-window.ts',
    find: '<= reach) return [];',
    replace: '< 0) return [];',
    caughtBy: ['test/unit/sync/open-window.test.ts'],
  },
  {
    name: 'claims up to the last row, oldest first',
    invariant: 'I2',
    file: 'src/sync/open-window.ts',
    find: 'to: lastInstant - reach',
    replace: 'to: lastInstant',
    caughtBy: ['test/unit/sync/log-orders.test.ts', 'test/unit/sync/open-window.test.ts'],
  },
  {
    name: 'claims one microsecond too much, newest first',
    invariant: 'I2',
    file: 'src/sync/open-window.ts',
    find: 'lastInstant + reach + 1',
    replace: 'lastInstant + reach',
    caughtBy: ['test/unit/sync/log-orders.test.ts', 'test/unit/sync/open-window.test.ts'],
  },
  {
    name: 'keeps what was claimed when rows come out of turn',
    invariant: 'I2',
    file: 'src/sync/open-window.ts',
    find: 'retracted: rangesOf(window.claim)',
    replace: 'retracted: []',
    caughtBy: ['test/unit/sync/open-window.test.ts'],
  },
  {
    name: 'drops what is retracted on the way to coverage',
    invariant: 'I2',
    file: 'src/sync/commit-pages.ts',
    find: 'union(...mine.map((claim) => claim.retracted ?? []))',
    replace: 'union()',
    caughtBy: ['test/unit/sync/add-claims.test.ts'],
  },
  {
    name: 'claims what the source may have forgotten',
    invariant: 'I2',
    file: 'src/sync/clip-claims.ts',
    find: 'from: bounds.oldest, to: bounds.answeredAt',
    replace: 'from: Number.NEGATIVE_INFINITY, to: bounds.answeredAt',
    caughtBy: ['test/unit/sync/clip-claims.test.ts'],
  },
  {
    name: 'claims time after the answer',
    invariant: 'I2',
    file: 'src/sync/clip-claims.ts',
    find: 'to: bounds.answeredAt',
    replace: 'to: Number.POSITIVE_INFINITY',
    caughtBy: ['test/unit/sync/clip-claims.test.ts'],
  },
  {
    name: 'claims by the plan, whenever the answer came',
    invariant: 'I2',
    file: 'src/sync/window-reader.ts',
    find: 'boundReading(window, answered, limits)',
    replace: 'answered',
    caughtBy: ['test/integration/run-lane.test.ts'],
  },
  {
    name: 'calls log time final that has not settled',
    invariant: 'I2',
    file: 'src/streams/webhook-logs.ts',
    find: 'to: finalUntil',
    replace: 'to: Number.POSITIVE_INFINITY',
    caughtBy: ['test/unit/streams/webhook-logs.test.ts'],
  },
  {
    name: 'takes the place of a quarantined bucket for idle',
    invariant: 'I2',
    file: 'src/streams/api-responses.ts',
    find: "refused.length === 0 ? 'all' : 'some'",
    replace: "'all'",
    caughtBy: ['test/unit/streams/api-responses.test.ts'],
  },
  {
    name: 'drops expired rows before their coverage',
    invariant: 'I2',
    file: 'src/db/retention.ts',
    find: 'if (expired.length > 0) {',
    replace: `if (expired.length > 0) {
    for (const { name } of expired) {
      await translated(database.query.execute(sql.raw(\`drop table if exists meraki_store."\${name}"\`)));
    }`,
    caughtBy: ['test/integration/retention.test.ts'],
  },
  {
    name: 'keeps the coverage of expired rows',
    invariant: 'I2',
    file: 'src/db/retention.ts',
    find: 'await forget(database, key, end, now)',
    replace: 'void key',
    caughtBy: ['test/integration/retention.test.ts'],
  },
];
