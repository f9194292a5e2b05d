import { expect, test } from 'vitest';
import { USER_AGENT } from '../../../src/meraki/exchange.ts';
import { ownSeries } from '../../../src/meraki/own-series.ts';

const [application = ''] = USER_AGENT.split('/');

test.each([
  ['the whole user agent', { userAgent: USER_AGENT }, true],
  ['the name alone, in capitals', { userAgent: application.toUpperCase() }, true],
  ['with the version of the API that is used', { userAgent: application, version: 1 as const }, true],
  ['with the other version', { userAgent: application, version: 0 as const }, false],
  ['another application', { userAgent: `${application}2` }, false],
  ['no user agent', { version: 1 as const }, false],
  ['only some of the requests', { userAgent: application, operationIds: ['getOrganizations'] }, false],
])('a series that counts %s', (_, filters, isOwn) => {
  expect(
    ownSeries([
      { name: 'other', userAgent: 'Inventory' },
      { name: 'own', ...filters },
    ]),
  ).toEqual(isOwn ? ['own'] : []);
});
