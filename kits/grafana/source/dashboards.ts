import { apiUsage } from './api-usage.ts';
import { archiveHealth } from './archive-health.ts';
import { overview } from './overview.ts';
import { webhookHealth } from './webhook-health.ts';

/** The dashboards of the kit, by the name of their file. */
export const DASHBOARDS = {
  overview,
  'webhook-health': webhookHealth,
  'api-usage': apiUsage,
  'archive-health': archiveHealth,
};
