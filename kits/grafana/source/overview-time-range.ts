import { HOURLY_OR_DAILY, OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';

/** Deliveries and requests of all applications, in the time range. */
export const DELIVERY_TIME = sql`
  from meraki.webhook_totals_${HOURLY_OR_DAILY}
  where ${OF_ORGANIZATIONS}
    and $__timeFilter(bucket_start)`;
export const API_TIME = sql`
  from meraki.api_responses_${HOURLY_OR_DAILY}
  where series = 'all'
    and ${OF_ORGANIZATIONS}
    and $__timeFilter(bucket_start)`;
