import { UntrustedHostError } from '../errors.ts';

export const MERAKI_DOMAINS: readonly string[] = [
  'meraki.com',
  'meraki.ca',
  'meraki.cn',
  'meraki.in',
  'gov-meraki.com',
];

/**
 * Decides whether a URL may be asked with the key: a trusted host or a subdomain of one, over https. Plain http
 * is for loopback only.
 *
 * @throws {UntrustedHostError} otherwise; nothing may be sent there
 */
export function assertTrusted(url: URL, trustedHosts: readonly string[]): void {
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  const trusted = trustedHosts.some((name) => host === name || host.endsWith(`.${name}`));
  if (!trusted) {
    throw new UntrustedHostError(
      `Meraki's answer points to ${url.host}, which is not a trusted host. The key was not sent there. If that host is yours, add it to MERAKI_TRUSTED_HOSTS.`,
      { host: url.host },
    );
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(host))) {
    throw new UntrustedHostError(`The key is not sent over ${url.protocol}// to ${url.host}: use https.`, {
      host: url.host,
      protocol: url.protocol,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new UntrustedHostError(
      `A URL on ${url.host} carries credentials of its own; it was not followed.`,
      {
        host: url.host,
      },
    );
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
