import { dashboard } from './dashboard.ts';
import {
  DATA_SOURCE_VARIABLE,
  INTERVAL_VARIABLE,
  ORGANIZATION_VARIABLE,
  RECEIVER_VARIABLE,
} from './variables.ts';
import { alertMix, networks, weekBefore, weekdays } from './webhook-mix-panels.ts';
import { beganToFail, incidents, receivers } from './webhook-receiver-panels.ts';
import { delivered, deliveries, failing, noAnswer, openIncidents, slowest } from './webhook-stat-panels.ts';
import {
  byOutcome,
  failureReasons,
  latencies,
  p95ByReceiver,
  successByReceiver,
} from './webhook-time-panels.ts';

export const webhookHealth = dashboard({
  name: 'webhook-health',
  title: 'Meraki archive: webhook health',
  description: 'Which webhook receivers fail, since when, with what, and how fast the others answer.',
  from: 'now-7d',
  streams: ['webhook_logs'],
  variables: [DATA_SOURCE_VARIABLE, ORGANIZATION_VARIABLE, RECEIVER_VARIABLE, INTERVAL_VARIABLE],
  shelves: [
    {
      height: 4,
      panels: [
        [deliveries, 4],
        [delivered, 4],
        [noAnswer, 4],
        [slowest, 4],
        [failing, 4],
        [openIncidents, 4],
      ],
    },
    {
      height: 9,
      panels: [
        [byOutcome, 14],
        [failureReasons, 10],
      ],
    },
    {
      height: 9,
      panels: [
        [successByReceiver, 12],
        [p95ByReceiver, 12],
      ],
    },
    'Receivers',
    { height: 9, panels: [[receivers, 24]] },
    {
      height: 9,
      panels: [
        [incidents, 14],
        [beganToFail, 10],
      ],
    },
    'When and about what',
    {
      height: 9,
      panels: [
        [latencies, 12],
        [weekBefore, 12],
      ],
    },
    {
      height: 9,
      panels: [
        [alertMix, 14],
        [networks, 10],
      ],
    },
    { height: 9, panels: [[weekdays, 24]] },
  ],
});
