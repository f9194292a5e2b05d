import LinkHeader from 'http-link-header';
import { PagingError } from '../errors.ts';

/**
 * The URL of the next page from a `Link` header (RFC 8288); Meraki leaves `rel` unquoted and may be relative.
 *
 * @param asked URL of the page that carried the header
 * @returns `undefined` on the last page
 * @throws {PagingError} when the header cannot be read, or leads back to the page that carried it: taking
 * either for the last page would lose rows
 */
export function nextLink(header: string | undefined, asked: URL): URL | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  let target: string | undefined;
  try {
    const links = LinkHeader.parse(header).refs;
    target = links.find(({ rel }) => /^'?next'?$/i.test(rel))?.uri;
  } catch (error) {
    throw new PagingError('The Link header of a page cannot be read.', { path: asked.pathname }, error);
  }
  if (target === undefined) return undefined;
  if (!URL.canParse(target, asked.href)) {
    throw new PagingError('The Link header of a page names no valid URL.', { path: asked.pathname });
  }
  const next = new URL(target, asked);
  if (next.href === asked.href) {
    throw new PagingError('A page names itself as the next page.', { path: asked.pathname });
  }
  return next;
}
