import { dashboard } from './dashboard.ts';
import {
  behind,
  deliveries,
  deliverySuccess,
  rateLimited,
  requests,
  timeCovered,
} from './overview-stat-panels.ts';
import { attention, organizations } from './overview-table-panels.ts';
import {
  budgetByOrganization,
  deliveriesByClass,
  requestsByClass,
  successByOrganization,
} from './overview-time-panels.ts';
import { DATA_SOURCE_VARIABLE, INTERVAL_VARIABLE, ORGANIZATION_VARIABLE } from './variables.ts';

export const overview = dashboard({
  name: 'overview',
  title: 'Meraki archive: overview',
  description: 'Webhook deliveries and API requests of all organizations, and how complete the archive is.',
  from: 'now-7d',
  streams: ['webhook_logs', 'api_responses'],
  variables: [DATA_SOURCE_VARIABLE, ORGANIZATION_VARIABLE, INTERVAL_VARIABLE],
  shelves: [
    {
      height: 4,
      panels: [
        [deliveries, 4],
        [deliverySuccess, 4],
        [requests, 4],
        [rateLimited, 4],
        [timeCovered, 4],
        [behind, 4],
      ],
    },
    {
      height: 9,
      panels: [
        [deliveriesByClass, 12],
        [requestsByClass, 12],
      ],
    },
    {
      height: 9,
      panels: [
        [successByOrganization, 12],
        [budgetByOrganization, 12],
      ],
    },
    { height: 8, panels: [[organizations, 24]] },
    { height: 8, panels: [[attention, 24]] },
  ],
});
