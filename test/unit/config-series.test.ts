/* SERIES_FILE. */
import { describe, expect, test } from 'vitest';
import { faultsOf, file, KEY, load, removeFilesAfterTests } from './loaded-config.ts';

removeFilesAfterTests();

describe('the series file', () => {
  const withSeries = (...series: unknown[]) => ({
    MERAKI_DASHBOARD_API_KEY: KEY,
    SERIES_FILE: file('series.json', JSON.stringify({ series })),
  });

  test('names filters', () => {
    const series = [
      { name: 'v0', version: 0 },
      { name: 'ops', operationIds: ['getNetwork'], userAgent: 'x' },
    ];
    expect(load(withSeries(...series)).apiResponses.series).toEqual(series);
  });

  test.each([
    ['no filter', [{ name: 'bare' }], 'at least one filter'],
    ['the name of the unfiltered series', [{ name: 'all', version: 1 }], '"all" is taken'],
    ['a name that is none', [{ name: 'With Space', version: 1 }], 'small letters'],
    [
      'a field that is none',
      [{ name: 'x', version: 1, colour: 'red' }],
      'a field that is none of name, version',
    ],
    ['an empty list', [{ name: 'x', adminIds: [] }], 'adminIds'],
    ['version 2', [{ name: 'x', version: 2 }], 'version'],
    [
      'a name twice',
      [
        { name: 'x', version: 1 },
        { name: 'x', version: 0 },
      ],
      'twice: x',
    ],
  ])('%s is a fault', (_, series, said) => {
    const message = faultsOf(withSeries(...series));
    expect(message).toContain('SERIES_FILE');
    expect(message).toContain(said);
  });
});
