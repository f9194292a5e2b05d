import { type Instant, instantOfMilliseconds, instantOfSeconds } from '../../../src/instant.ts';
import { type Customer, createCustomers } from '../../reports/archive/customer.ts';

/** What the page server has: the same for everybody who asks with the same arguments. */
export interface DashboardPlan {
  /** Deliveries of all organizations, but for those of a `largest` one. */
  readonly rows: number;
  /** Deliveries of the first organization, where it is not one like the others. */
  readonly largest?: number;
  readonly organizations: number;
  readonly days: number;
  /** Midnight after the last delivery. */
  readonly until: Instant;
}

export interface PlannedOrganization {
  readonly customer: Customer;
  readonly rows: number;
  readonly rowsPerDay: number;
  /** Midnight before the first delivery. */
  readonly from: Instant;
}

const DAY = instantOfSeconds(86_400);
/** The newest hours are the live lane's, and are read again until they have settled. */
const SETTLED = instantOfSeconds(12 * 3_600);

/** The last midnight whose day has settled. */
export function settledMidnight(nowMilliseconds: number): Instant {
  return Math.floor((instantOfMilliseconds(nowMilliseconds) - SETTLED) / DAY) * DAY;
}

/** Organizations of the same size, so that none is read alone at the end; or one large among small ones. */
export function planOrganizations(plan: DashboardPlan): readonly PlannedOrganization[] {
  const alike = plan.largest === undefined ? plan.organizations : plan.organizations - 1;
  return createCustomers('ingest', plan.organizations).map((customer, index) => {
    const isLargest = plan.largest !== undefined && index === 0;
    const rows = isLargest ? (plan.largest ?? 0) : Math.floor((plan.rows + index) / alike);
    const rowsPerDay = Math.max(1, Math.ceil(rows / plan.days));
    return { customer, rows, rowsPerDay, from: plan.until - plan.days * DAY };
  });
}
