import type { FastifyReply } from 'fastify';

/** One API request that passed every check and is about to be answered. */
export interface ApiCall {
  /** Meraki's operation id, e.g. `getOrganizationWebhooksLogs`. */
  readonly operation: string;
  readonly organizationId: string | undefined;
  /** How many calls were let through before this one. */
  readonly ordinal: number;
  /** Path and query. */
  readonly url: string;
}

/**
 * The place where faults are injected: called before the answer, may wait, and may send (or hijack) the reply
 * itself, in which case the true answer is not given.
 */
export type BeforeAnswer = (call: ApiCall, reply: FastifyReply) => void | Promise<void>;
