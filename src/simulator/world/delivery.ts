import { formatInHour, HOUR, hourPrefix } from '../moment.ts';
import type { DeliveryHour } from './delivery-hour.ts';
import type { DeliveryRow } from './delivery-log.ts';
import type { Organization } from './organizations.ts';
import { ALERT_TYPES } from './vocabulary.ts';

/** A row of the webhook logs as the API gives it. */
export interface Delivery {
  readonly organizationId: string;
  readonly networkId: string;
  /** Empty for some rows. */
  readonly alertType: string;
  readonly url: string;
  /** ISO 8601 in UTC with six fraction digits. */
  readonly sentAt: string;
  readonly loggedAt: string;
  /** -1 where the receiver gave no HTTP answer. */
  readonly responseCode: number;
  /** Milliseconds. */
  readonly responseDuration: number;
}

export function deliveryOf(organization: Organization, { hour, index }: DeliveryRow): Delivery {
  const [sentAt, loggedAt] = timestampsOf(hour, index, hourPrefix(hour.start));
  return {
    organizationId: organization.id,
    networkId: organization.networks[hour.network[index] ?? 0]?.id ?? '',
    alertType: ALERT_TYPES[hour.alertType[index] ?? 0] ?? '',
    url: organization.receivers[hour.receiver[index] ?? 0]?.url ?? '',
    sentAt,
    loggedAt,
    responseCode: hour.responseCode[index] ?? 0,
    responseDuration: hour.responseDuration[index] ?? 0,
  };
}

/**
 * Returns a function that writes rows as a JSON array without building objects: serving is what a benchmark's
 * clock would otherwise measure.
 */
export function deliveryWriter(organization: Organization): (rows: readonly DeliveryRow[]) => string {
  const networks = organization.networks.map(
    ({ id }) =>
      `{"organizationId":${JSON.stringify(organization.id)},"networkId":${JSON.stringify(id)},"alertType":`,
  );
  const alertTypes = [...ALERT_TYPES, ''].map((name) => `${JSON.stringify(name)},"url":`);
  const urls = organization.receivers.map(({ url }) => `${JSON.stringify(url)},"sentAt":"`);
  return (rows) => {
    let text = '';
    let prefix = '';
    let current: DeliveryHour | undefined;
    for (const { hour, index } of rows) {
      if (hour !== current) {
        current = hour;
        prefix = hourPrefix(hour.start);
      }
      const [sentAt, loggedAt] = timestampsOf(hour, index, prefix);
      text += `${text === '' ? '' : ','}${networks[hour.network[index] ?? 0]}${alertTypes[hour.alertType[index] ?? 0]}${urls[hour.receiver[index] ?? 0]}${sentAt}","loggedAt":"${loggedAt}","responseCode":${hour.responseCode[index]},"responseDuration":${hour.responseDuration[index]}}`;
    }
    return `[${text}]`;
  };
}

function timestampsOf(hour: DeliveryHour, index: number, prefix: string): [string, string] {
  const sentAt = hour.sentAt[index] ?? 0;
  const loggedAt = sentAt + (hour.loggedAfter[index] ?? 0);
  return [
    formatInHour(prefix, sentAt),
    loggedAt < HOUR
      ? formatInHour(prefix, loggedAt)
      : formatInHour(hourPrefix(hour.start + HOUR), loggedAt - HOUR),
  ];
}
