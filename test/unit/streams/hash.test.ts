import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hash64 } from '../../../src/streams/hash.ts';

/** `''` is XXH64's published test value EF46DB3751D8E999, signed. */
test.each([
  ['', '-1205034819632174695'],
  ['N_1', '287416520410252183'],
  ['ä', '-5943206336561110183'],
])('the hash of %j never changes: stored ids depend on it', (text, hash) => {
  expect(hash64(text)).toBe(hash);
});

test('is a signed 64-bit decimal, the same every time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const hash = hash64(text);
      expect(BigInt.asIntN(64, BigInt(hash)).toString()).toBe(hash);
      expect(hash64(text)).toBe(hash);
    }),
  );
});
