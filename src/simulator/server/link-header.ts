import type { FastifyRequest } from 'fastify';

export type PageLinks = Readonly<
  Partial<Record<'first' | 'prev' | 'next' | 'last', Readonly<Record<string, string>>>>
>;

/** Writes a `Link` header as Meraki does: absolute URLs, `rel` without quotes. */
export function linkHeader(request: FastifyRequest, links: PageLinks): string {
  const page = `http://${request.host}${request.url.split('?', 1)[0]}`;
  return Object.entries(links)
    .map(([rel, parameters]) => `<${page}?${new URLSearchParams(parameters)}>; rel=${rel}`)
    .join(', ');
}
