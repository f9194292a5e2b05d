import { formatInstant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { Answer, MerakiClient, RequestOptions } from './client.ts';

/** Filters of the operation; an answer does not repeat them. */
export interface ApiResponseFilters {
  readonly version?: 0 | 1 | undefined;
  readonly operationIds?: readonly string[] | undefined;
  readonly sourceIps?: readonly string[] | undefined;
  readonly adminIds?: readonly string[] | undefined;
  readonly userAgent?: string | undefined;
}

/**
 * Counts of API requests by response code and bucket
 * (`getOrganizationApiRequestsOverviewResponseCodesByInterval`). Throws as {@link MerakiClient.follow} does.
 *
 * @returns buckets as received, not validated
 */
export async function getApiResponses(
  client: MerakiClient,
  organizationId: string,
  window: Range,
  intervalSeconds: number,
  filters: ApiResponseFilters,
  options: RequestOptions,
): Promise<{ readonly buckets: readonly unknown[]; readonly answer: Answer }> {
  const path = `/organizations/${encodeURIComponent(organizationId)}/apiRequests/overview/responseCodes/byInterval`;
  const answer = await client.get(
    path,
    {
      t0: formatInstant(window.from),
      t1: formatInstant(window.to),
      interval: intervalSeconds,
      version: filters.version,
      operationIds: filters.operationIds,
      sourceIps: filters.sourceIps,
      adminIds: filters.adminIds,
      userAgent: filters.userAgent,
    },
    { ...options, organizationId },
  );
  return { buckets: answer.body, answer };
}
