import { expect, test } from 'vitest';
import { remembered } from '../../../src/streams/remembered.ts';

function counted() {
  const made: string[] = [];
  const of = remembered((text) => {
    made.push(text);
    return `${text}!`;
  });
  return { made, of };
}

test('what is made of a text is kept, also when others come in between', () => {
  const { made, of } = counted();
  expect(['a', 'a', 'b', 'a', ''].map(of)).toEqual(['a!', 'a!', 'b!', 'a!', '!']);
  expect(made).toEqual(['a', 'b', '']);
});

test('ten thousand texts are kept, and then forgotten all at once', () => {
  const { made, of } = counted();
  for (let times = 0; times < 2; times += 1) for (let name = 0; name < 10_000; name += 1) of(String(name));
  expect(made).toHaveLength(10_000);
  for (const text of ['one more', '0', 'one more']) of(text);
  expect(made.slice(10_000)).toEqual(['one more', '0']);
});

test('long texts are not kept: a few of them would fill the memory', () => {
  const { made, of } = counted();
  const long = 'x'.repeat(1_001);
  expect(of(long)).toBe(`${long}!`);
  of(long);
  expect(made).toEqual([long, long]);
});
