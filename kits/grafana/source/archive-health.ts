import { drift, organizationStates, quarantine } from './archive-oddities-panels.ts';
import {
  differences,
  gapTime,
  lost,
  nextDeadline,
  quarantined,
  streamsBehind,
} from './archive-stat-panels.ts';
import { coverageTimeline, freshness, gaps } from './archive-time-panels.ts';
import { audits, lateness, requestsSent, rowsStored, runs, verified } from './archive-work-panels.ts';
import { dashboard } from './dashboard.ts';
import { DATA_SOURCE_VARIABLE, INTERVAL_VARIABLE, ORGANIZATION_VARIABLE } from './variables.ts';

export const archiveHealth = dashboard({
  name: 'archive-health',
  title: 'Meraki archive: archive health',
  description:
    'How far the archive has read, what is missing and until when it can be had, and whether it is right.',
  from: 'now-30d',
  streams: ['webhook_logs', 'api_responses'],
  variables: [DATA_SOURCE_VARIABLE, ORGANIZATION_VARIABLE, INTERVAL_VARIABLE],
  shelves: [
    {
      height: 4,
      panels: [
        [streamsBehind, 4],
        [gapTime, 4],
        [nextDeadline, 4],
        [lost, 4],
        [quarantined, 4],
        [differences, 4],
      ],
    },
    { height: 9, panels: [[coverageTimeline, 24]] },
    { height: 9, panels: [[freshness, 24]] },
    { height: 8, panels: [[gaps, 24]] },
    'Work',
    {
      height: 8,
      panels: [
        [runs, 8],
        [rowsStored, 8],
        [requestsSent, 8],
      ],
    },
    'Trust',
    {
      height: 8,
      panels: [
        [verified, 12],
        [lateness, 12],
      ],
    },
    {
      height: 8,
      panels: [
        [audits, 14],
        [quarantine, 10],
      ],
    },
    {
      height: 7,
      panels: [
        [drift, 12],
        [organizationStates, 12],
      ],
    },
  ],
});
