import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskUrl } from '../../../src/streams/receiver-url.ts';

test.each([
  ['https://hooks.chat.example/T1/B2/secret', 'https://hooks.chat.example/***', 'hooks.chat.example'],
  ['https://x.example:8443/?token=secret', 'https://x.example:8443/***', 'x.example:8443'],
  ['https://x.example/', 'https://x.example/', 'x.example'],
  ['https://x.example', 'https://x.example/', 'x.example'],
  ['https://x.example/#secret', 'https://x.example/', 'x.example'],
  ['https://user:secret@x.example/', 'https://x.example/', 'x.example'],
  ['HTTPS://X.Example:443/secret', 'https://x.example/***', 'x.example'],
  ['mailto:secret@x.example', 'mailto:///***', null],
  ['no url with a secret', '***', null],
  ['', '***', null],
])('%s is shown as %s', (url, masked, host) => {
  expect(maskUrl(url)).toEqual({ masked, host });
});

test('nothing of path, query, fragment or credentials is shown', () => {
  const secret = 'q7w8secret';
  const parts = fc.record({
    path: fc.constantFrom('', '/', `/${secret}`, `/a/${secret}/b`),
    query: fc.constantFrom('', '?', `?${secret}`, `?a=${secret}`),
    fragment: fc.constantFrom('', `#${secret}`),
    user: fc.constantFrom('', `${secret}@`, `u:${secret}@`),
    scheme: fc.constantFrom('https:', 'http:', 'custom:'),
  });
  fc.assert(
    fc.property(parts, ({ scheme, user, path, query, fragment }) => {
      const { masked, host } = maskUrl(`${scheme}//${user}x.example${path}${query}${fragment}`);
      expect(masked).not.toContain(secret);
      expect(host).toBe('x.example');
    }),
  );
});
