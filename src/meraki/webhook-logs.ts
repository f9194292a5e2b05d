import { formatInstant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { Answer, MerakiClient, RequestOptions } from './client.ts';

export interface WebhookLogsPage {
  /** Rows as received, not validated: a bad row must not lose its page. */
  readonly rows: readonly unknown[];
  readonly answer: Answer;
}

/**
 * First page of the webhook log of `window` (`getOrganizationWebhooksLogs`), as long as a page can be.
 * Throws as {@link MerakiClient.follow} does.
 */
export async function getWebhookLogs(
  client: MerakiClient,
  organizationId: string,
  window: Range,
  perPage: number,
  options: RequestOptions,
): Promise<WebhookLogsPage> {
  const path = `/organizations/${encodeURIComponent(organizationId)}/webhooks/logs`;
  const query = { t0: formatInstant(window.from), t1: formatInstant(window.to), perPage };
  return page(await client.get(path, query, { ...options, organizationId }));
}

/** A later page, by the URL that the page before it gave. */
export async function followWebhookLogs(
  client: MerakiClient,
  organizationId: string,
  next: string,
  options: RequestOptions,
): Promise<WebhookLogsPage> {
  return page(await client.follow(next, { ...options, organizationId }));
}

function page(answer: Answer): WebhookLogsPage {
  return { rows: answer.body, answer };
}
