/** Meraki's operation ids of what the simulator answers. */
export const OPERATIONS = [
  'getOrganizations',
  'getOrganizationNetworks',
  'getOrganizationWebhooksLogs',
  'getOrganizationApiRequestsOverviewResponseCodesByInterval',
] as const;

export type Operation = (typeof OPERATIONS)[number];

export const WEBHOOK_LOGS: Operation = 'getOrganizationWebhooksLogs';
export const RESPONSE_CODES_BY_INTERVAL: Operation =
  'getOrganizationApiRequestsOverviewResponseCodesByInterval';
