import { expect, test } from 'vitest';
import { chooseOrganization, chooseOrganizations } from '../../src/choose-organizations.ts';

const named = (organizationId: string, name: string) => ({ organizationId, name });
const KNOWN = [
  named('1', 'One'),
  named('2', '3'),
  named('3', 'Three'),
  named('4', 'Twin'),
  named('5', 'Twin'),
];

test.each([
  ['1', '1'],
  ['One', '1'],
  ['3', '3'],
  ['4', '4'],
])('%s is the one with the id %s: an id goes before a name', (wanted, organizationId) => {
  expect(chooseOrganization(KNOWN, wanted)).toMatchObject({ organizationId });
});

test('several come in their order, each once', () => {
  expect(chooseOrganizations(KNOWN, ['Three', '1', '3'])).toEqual([KNOWN[2], KNOWN[0]]);
});

test('those of one name are told apart by their ids', () => {
  expect(() => chooseOrganization(KNOWN, 'Twin')).toThrow(
    'Several organizations are named Twin. Give the id:\n  4  Twin\n  5  Twin',
  );
});

test('what is not known is told with what is, up to a screenful', () => {
  expect(() => chooseOrganizations(KNOWN, ['1', 'one'])).toThrow(
    'No organization has the id or the name one. These are known:\n  1  One\n',
  );
  expect(() => chooseOrganization([], '1')).toThrow('No organization is known yet');
  const many = Array.from({ length: 1_000 }, (_, n) => named(`${n}`, `Number ${n}`));
  expect(() => chooseOrganization(many, 'x')).toThrow(/\n {2}29 {2}Number 29\n {2}and 970 more: [^\n]+$/);
});
