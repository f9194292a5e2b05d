import { budgetLeft, burnRate, errorBudgetLeft } from './api-error-budget-panels.ts';
import { busiest, codes, limited, meanUse, peakUse, weekBefore, weekdays } from './api-limit-panels.ts';
import { ownShare, seriesTable, shareOfLimited, shareOfRequests } from './api-series-panels.ts';
import { byOutcome, ownPart, peak, rateLimited, requests, slowedHours } from './api-stat-panels.ts';
import { dashboard } from './dashboard.ts';
import {
  DATA_SOURCE_VARIABLE,
  INTERVAL_VARIABLE,
  ORGANIZATION_VARIABLE,
  SERIES_VARIABLE,
} from './variables.ts';

export const apiUsage = dashboard({
  name: 'api-usage',
  title: 'Meraki archive: API usage and budget',
  description:
    'Who uses the 10 requests a second that all applications of an organization share, and how often Meraki refuses.',
  from: 'now-7d',
  streams: ['api_responses'],
  variables: [DATA_SOURCE_VARIABLE, ORGANIZATION_VARIABLE, SERIES_VARIABLE, INTERVAL_VARIABLE],
  shelves: [
    {
      height: 4,
      panels: [
        [requests, 4],
        [rateLimited, 4],
        [slowedHours, 4],
        [peak, 4],
        [errorBudgetLeft, 4],
        [ownPart, 4],
      ],
    },
    {
      height: 9,
      panels: [
        [byOutcome, 14],
        [codes, 10],
      ],
    },
    {
      height: 9,
      panels: [
        [peakUse, 8],
        [meanUse, 8],
        [limited, 8],
      ],
    },
    'Who asks',
    {
      height: 9,
      panels: [
        [shareOfRequests, 12],
        [shareOfLimited, 12],
      ],
    },
    {
      height: 8,
      panels: [
        [seriesTable, 14],
        [ownShare, 10],
      ],
    },
    'Error budget: 429 and 5xx against the objective',
    {
      height: 9,
      panels: [
        [burnRate, 12],
        [budgetLeft, 12],
      ],
    },
    'When',
    {
      height: 9,
      panels: [
        [weekBefore, 12],
        [busiest, 12],
      ],
    },
    { height: 9, panels: [[weekdays, 24]] },
  ],
});
