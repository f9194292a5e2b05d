import type { Mutation } from '../mutation.ts';

export const countedOnce: readonly Mutation[] = [
  {
    name: 'adds up all bucket widths in the views',
    invariant: 'I6',
    file: 'migrations/0008_report_core.sql',
    find: 'where c.counted @> f.bucket_start and f.request_count > 0',
    replace: 'where f.request_count > 0',
    caughtBy: ['test/integration/api-response-counts.test.ts'],
  },
  {
    name: 'adds up all bucket widths in rollups',
    invariant: 'I6',
    file: 'migrations/0007_rollups.sql',
    find: 'where w.counted @> f.bucket_start',
    replace: 'where true',
    caughtBy: ['test/integration/api-response-counts.test.ts'],
  },
  {
    name: 'counts coarse and fine buckets of the same time',
    invariant: 'I6',
    file: 'src/sync/resolution.ts',
    find: 'wholeBuckets(subtract(unfilled, occupied), width)',
    replace: 'wholeBuckets(unfilled, width)',
    caughtBy: ['test/unit/sync/resolution.test.ts'],
  },
  {
    name: 'prefers fine provisional buckets to coarse final ones',
    invariant: 'I6',
    file: 'src/sync/resolution.ts',
    find: '.map((finer) => coverage.get(finer)?.final ?? [])',
    replace:
      '.map((finer) => union(coverage.get(finer)?.final ?? [], coverage.get(finer)?.provisional ?? []))',
    caughtBy: ['test/unit/sync/resolution.test.ts'],
  },
  {
    name: 'lets widths fill buckets they do not divide',
    invariant: 'I6',
    file: 'src/sync/resolution.ts',
    find: 'finer < width && width % finer === 0',
    replace: 'finer < width',
    caughtBy: ['test/unit/sync/resolution.test.ts'],
  },
  {
    name: 'counts provisional buckets beside final ones',
    invariant: 'I6',
    file: 'src/sync/resolution.ts',
    find: 'subtract(touched, occupied)',
    replace: 'touched',
    caughtBy: ['test/unit/sync/resolution.test.ts'],
  },
  {
    name: 'counts all that is covered at every width',
    invariant: 'I6',
    file: 'src/sync/commit-pages.ts',
    find: 'counted: counted.get(width) ?? []',
    replace: 'counted: union(coverage.final, coverage.provisional)',
    caughtBy: ['test/unit/sync/add-claims.test.ts'],
  },
];
