import { createRandom } from '../random.ts';
import { type Delivery, deliveryOf } from '../world/delivery.ts';
import type { DeliveryRow } from '../world/delivery-log.ts';
import type { Organization } from '../world/organizations.ts';
import { type AlteredRow, alterRow, type RowAlteration } from './alter-row.ts';

/** Which rows of the webhook log are altered, and how: drawn from the seed and the row's place in the log. */
export class AlteredRows {
  readonly #seed: number | string;
  readonly #share: number;
  readonly #kinds: readonly RowAlteration[];

  constructor(
    seed: number | string,
    { share, kinds }: { readonly share: number; readonly kinds: readonly RowAlteration[] },
  ) {
    this.#seed = seed;
    this.#share = share;
    this.#kinds = kinds;
  }

  /** Undefined for a row that is as it should be. */
  of(organization: Organization, row: DeliveryRow): AlteredRow | undefined {
    const random = createRandom(this.#seed, 'row', organization.id, row.hour.start, row.index);
    if (!random.chance(this.#share)) return undefined;
    return alterRow(random.pick(this.#kinds), deliveryOf(organization, row), random);
  }

  /** The rows as a JSON array, as they are sent. */
  write(organization: Organization, rows: readonly DeliveryRow[]): string {
    const texts = rows.map(
      (row) => this.of(organization, row)?.text ?? JSON.stringify(deliveryOf(organization, row)),
    );
    return `[${texts.join(',')}]`;
  }

  /** What an archive must have of the rows. */
  deliveries(organization: Organization, rows: readonly DeliveryRow[]): Delivery[] {
    return rows.flatMap((row) => {
      const altered = this.of(organization, row);
      if (altered === undefined) return deliveryOf(organization, row);
      return altered.delivery ?? [];
    });
  }

  /** The texts of the rows that no archive can store. */
  unreadable(organization: Organization, rows: readonly DeliveryRow[]): string[] {
    return rows.flatMap((row) => {
      const altered = this.of(organization, row);
      return altered === undefined || altered.delivery !== undefined ? [] : altered.text;
    });
  }
}
