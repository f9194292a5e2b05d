import { expect, test } from 'vitest';
import { UntrustedHostError } from '../../../src/errors.ts';
import { assertTrusted, MERAKI_DOMAINS } from '../../../src/meraki/trusted-hosts.ts';

const trusted = [...MERAKI_DOMAINS, 'localhost', '127.0.0.1', '[::1]', 'proxy.example'];

test.each([
  'https://api.meraki.com/api/v1',
  'https://n263.meraki.com/api/v1/x?y=z',
  'https://meraki.com/',
  'https://API.MERAKI.COM/',
  'https://api.meraki.com./',
  'https://api.meraki.com:8443/',
  'https://api.meraki.ca/',
  'https://api.meraki.cn/',
  'https://api.meraki.in/',
  'https://api.gov-meraki.com/',
  'https://proxy.example/',
  'http://localhost:8080/',
  'http://127.0.0.1:8080/',
  'http://127.1:8080/',
  'http://[::1]:8080/',
])('I8 the key may go to %s', (url) => {
  expect(() => assertTrusted(new URL(url), trusted)).not.toThrow();
});

test.each([
  'https://evilmeraki.com/',
  'https://meraki.com.evil.com/',
  'https://api-meraki.com/',
  'https://api.meraki.com@evil.com/',
  'https://api.meraki.com%2eevil.com/',
  'https://evil.com/api.meraki.com',
  'https://evil.com?.meraki.com',
  'https://evil.com#.meraki.com',
  'https://evil.com\\.meraki.com/',
  'https://meraki.co/',
  'https://com/',
  'https://meraki.com.cn/',
  'https://xn--mraki-xyb.com/',
  'https://127.0.0.1.evil.com/',
  'https://127.0.0.2/',
  'https://[::2]/',
  'http://api.meraki.com/',
  'http://proxy.example/',
  'http://localhost.evil.com/',
  'http://127.0.0.1.proxy.example/',
  'ftp://api.meraki.com/',
  'ws://localhost/',
  'file:///etc/passwd',
  'data:text/plain,x',
  'https://user:pass@api.meraki.com/',
  'https://user@api.meraki.com/',
])('I8 the key may not go to %s', (url) => {
  expect(() => assertTrusted(new URL(url), trusted)).toThrow(UntrustedHostError);
});

test('I8 loopback is trusted only where it is named', () => {
  expect(() => assertTrusted(new URL('http://127.0.0.1/'), MERAKI_DOMAINS)).toThrow(UntrustedHostError);
  expect(() => assertTrusted(new URL('http://localhost/'), [])).toThrow(UntrustedHostError);
});
