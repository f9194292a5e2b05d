/**
 * A receiver's URL as report views show it by default: scheme and host. Chat services put their secret into the
 * path, others into the query, so neither is shown.
 */
export function maskUrl(url: string): { readonly masked: string; readonly host: string | null } {
  if (!URL.canParse(url)) return { masked: '***', host: null };
  const { protocol, host, pathname, search } = new URL(url);
  const rest = pathname === '/' && search === '' ? '/' : '/***';
  return { masked: `${protocol}//${host}${rest}`, host: host === '' ? null : host };
}
