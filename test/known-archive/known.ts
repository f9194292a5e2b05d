import { duration, intersect, type Ranges, rangesOf, subtract } from '../../src/ranges.ts';
import { memberKey } from '../../src/streams/webhook-log-row.ts';
import {
  type Delivery,
  type Facts,
  HOUR,
  type Moment,
  type OrganizationFacts,
  type Requests,
  type StreamFacts,
  type Stretch,
  within,
} from './facts.ts';
import { dateOf, datesBeginningIn, dayStart, nextDate } from './local-time.ts';

/** The facts, as the checks ask for them. Nothing here comes from the database. */
export class Known {
  readonly facts: Facts;
  readonly #covered = new Map<StreamFacts, Ranges>();
  readonly #final = new Map<StreamFacts, Ranges>();

  constructor(facts: Facts) {
    this.facts = facts;
    for (const stream of facts.streams) {
      const final = rangesOf(...stream.covered.flatMap((width) => width.final));
      this.#covered.set(stream, rangesOf(...final, ...stream.provisional));
      this.#final.set(stream, subtract(final, []));
    }
  }

  organization(id: string): OrganizationFacts {
    const found = this.facts.organizations.find((organization) => organization.id === id);
    if (found === undefined) throw new Error(`no organization ${id}`);
    return found;
  }

  stream(organizationId: string, stream: StreamFacts['stream'], series = 'all'): StreamFacts | undefined {
    return this.facts.streams.find(
      (s) => s.organizationId === organizationId && s.stream === stream && s.series === series,
    );
  }

  deliveries(period: Stretch, organizationId?: string): Delivery[] {
    return this.facts.deliveries.filter(
      (d) =>
        within(period, d.sentAt) && (organizationId === undefined || d.organizationId === organizationId),
    );
  }

  requests(period: Stretch, organizationId: string, series = 'all'): Requests[] {
    return this.facts.requests.filter(
      (r) => r.organizationId === organizationId && r.series === series && within(period, r.bucketStart),
    );
  }

  /** Local dates that begin in the period. */
  dates(period: Stretch, organizationId: string): string[] {
    return datesBeginningIn(period.from, period.to, this.organization(organizationId).zone);
  }

  /** The time of those days, which is the period itself where it begins and ends at local midnights. */
  days(period: Stretch, organizationId: string): Stretch {
    const { zone } = this.organization(organizationId);
    const dates = this.dates(period, organizationId);
    return {
      from: dayStart(dates[0] ?? '', zone),
      to: dayStart(nextDate(dates.at(-1) ?? ''), zone),
    };
  }

  day(date: string, organizationId: string): Stretch {
    const { zone } = this.organization(organizationId);
    return { from: dayStart(date, zone), to: dayStart(nextDate(date), zone) };
  }

  date(moment: Moment, organizationId: string): string {
    return dateOf(moment, this.organization(organizationId).zone);
  }

  /** The local months that begin in the period, whole. */
  months(period: Stretch, organizationId: string): Stretch {
    const { zone } = this.organization(organizationId);
    const firsts = this.dates(period, organizationId).filter((date) => date.endsWith('-01'));
    const [first, last] = [firsts[0], firsts.at(-1)];
    if (first === undefined || last === undefined) return { from: period.from, to: period.from };
    return { from: dayStart(first, zone), to: dayStart(`${nextDate(last, 31).slice(0, 7)}-01`, zone) };
  }

  /** Receivers that were heard of before the end of the period. */
  receivers(period: Stretch, organizationId: string): string[] {
    const own = this.deliveries({ from: 0, to: period.to }, organizationId);
    return [...new Set(own.map(({ url }) => url))];
  }

  /** Share of a stretch that was read, finally or not. */
  covered(stream: StreamFacts, stretch: Stretch): number {
    return duration(intersect(this.#covered.get(stream) ?? [], [stretch])) / (stretch.to - stretch.from);
  }

  isFinal(stream: StreamFacts, stretch: Stretch): boolean {
    const final = this.#final.get(stream) ?? [];
    return duration(intersect(final, [stretch])) === stretch.to - stretch.from;
  }

  /** Hours of the period from a stream's beginning on. */
  hours(stream: StreamFacts, period: Stretch): Stretch[] {
    const hours: Stretch[] = [];
    const begin = Math.floor(stream.wantedFrom / HOUR) * HOUR;
    for (let at = Math.max(begin, period.from); at < Math.min(period.to, this.facts.now); at += HOUR) {
      hours.push({ from: at, to: at + HOUR });
    }
    return hours;
  }
}

/** Ids as the archive makes them. */
export function endpointId(delivery: Pick<Delivery, 'organizationId' | 'url'>): string {
  return memberKey(delivery.organizationId, delivery.url);
}
