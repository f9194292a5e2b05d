import { describe, expect, test } from 'vitest';
import { PagingError } from '../../../src/errors.ts';
import { nextLink } from '../../../src/meraki/next-link.ts';

const PAGE = 'https://n1.meraki.com/api/v1/organizations/1/webhooks/logs';
const asked = new URL(`${PAGE}?perPage=5`);
const next = `${PAGE}?perPage=5&startingAfter=105`;

test.each([
  ['unquoted, as Meraki writes it', `<${next}>; rel=next`, next],
  ['quoted', `<${next}>; rel="next"`, next],
  [
    'among others',
    `<${PAGE}?a=1>; rel=first, <${PAGE}?a=2>; rel=prev, <${next}>; rel=next, <${PAGE}>; rel=last`,
    next,
  ],
  ['without spaces', `<${PAGE}>;rel=first,<${next}>;rel=next`, next],
  ['in capitals', `<${next}>; REL=NEXT`, next],
  ['with several relations', `<${next}>; rel="next last"`, next],
  ['with other parameters', `<${next}>; title="more, please"; rel="next"`, next],
  ['a comma in the URL', `<${next}&x=1,2>; rel=next`, `${next}&x=1,2`],
  [
    'relative to the host',
    '</api/v1/y?startingAfter=1>; rel=next',
    'https://n1.meraki.com/api/v1/y?startingAfter=1',
  ],
  ['relative to the page', '<?startingAfter=1>; rel=next', `${PAGE}?startingAfter=1`],
  ['on another host', '<https://n2.meraki.com/x>; rel=next', 'https://n2.meraki.com/x'],
])('the next page: %s', (_, header, url) => {
  expect(nextLink(header, asked)?.href).toBe(url);
});

test.each([
  ['no header', undefined],
  ['an empty header', ' '],
  ['no next', `<${PAGE}>; rel=first, <${next}>; rel=last`],
  ['a relation that only contains the word', `<${next}>; rel=nextish`],
])('the last page: %s', (_, header) => {
  expect(nextLink(header, asked)).toBeUndefined();
});

describe('I1 is an error, not the last page:', () => {
  test.each([
    ['no Link syntax', 'nonsense'],
    ['cut short', `<${next}`],
    ['no valid URL', '<http://[>; rel=next'],
    ['itself', `<${asked.href}>; rel=next`],
    ['itself, relative', '<?perPage=5>; rel=next'],
    ['nothing', '<>; rel=next'],
  ])('%s', (_, header) => {
    expect(() => nextLink(header, asked)).toThrow(PagingError);
  });
});
