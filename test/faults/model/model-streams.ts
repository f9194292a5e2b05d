import { instantOfMilliseconds } from '../../../src/instant.ts';
import type { MerakiClient } from '../../../src/meraki/client.ts';
import { type StreamName, UNFILTERED } from '../../../src/stream-key.ts';
import { apiResponses } from '../../../src/streams/api-responses.ts';
import { webhookLogs } from '../../../src/streams/webhook-logs.ts';
import type { Stream } from '../../../src/sync/stream.ts';
import type { ModelPlan } from './model-plan.ts';

const EVERY_SECONDS = 300;

/** The real stream, with the plan's settings. */
export function createModelStream(
  { plan, organizationId }: { readonly plan: ModelPlan; readonly organizationId: string },
  stream: StreamName,
  client: MerakiClient,
): Stream {
  const { userAgent } = plan;
  const isFiltered = stream === 'api_responses' && userAgent !== undefined;
  const key = { organizationId, stream, series: isFiltered ? 'of one program' : UNFILTERED };
  const limits = {
    everySeconds: EVERY_SECONDS,
    lookback: instantOfMilliseconds(plan.lookback),
    span: instantOfMilliseconds(plan.span),
    quarantineLimit: Number.POSITIVE_INFINITY,
  };
  if (stream === 'webhook_logs') {
    const settle = instantOfMilliseconds(plan.settle.logs);
    return webhookLogs(key, client, { ...limits, settle, perPage: plan.perPage });
  }
  const settle = instantOfMilliseconds(plan.settle.codes);
  return apiResponses(
    key,
    client,
    { ...limits, settle, intervalSeconds: plan.intervalSeconds },
    { userAgent },
  );
}
