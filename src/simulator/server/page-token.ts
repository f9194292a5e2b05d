import { createHmac } from 'node:crypto';
import type { Position } from '../world/delivery-log.ts';

const PAYLOAD_BYTES = 20;
const SEAL_BYTES = 10;

/** Issues and reads the opaque tokens of the webhook logs; those of a simulator with the same seed are good. */
export class PageTokens {
  readonly #secret: string;
  readonly #lifetime: number;

  /** @param lifetime seconds */
  constructor(seed: number | string, lifetime: number) {
    this.#secret = `page tokens of ${seed}`;
    this.#lifetime = lifetime;
  }

  /** @param now milliseconds */
  issue(organizationId: string, { sentAt, ordinal }: Position, now: number): string {
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.writeDoubleBE(now, 0);
    payload.writeDoubleBE(sentAt, 8);
    payload.writeInt32BE(ordinal, 16);
    return Buffer.concat([payload, this.#seal(organizationId, payload)]).toString('base64url');
  }

  /** Undefined for a token that is forged, of another organization, or older than the lifetime. */
  read(organizationId: string, token: string, now: number): Position | undefined {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length !== PAYLOAD_BYTES + SEAL_BYTES) return undefined;
    const payload = bytes.subarray(0, PAYLOAD_BYTES);
    if (!this.#seal(organizationId, payload).equals(bytes.subarray(PAYLOAD_BYTES))) return undefined;
    if (now - payload.readDoubleBE(0) > this.#lifetime * 1_000) return undefined;
    return { sentAt: payload.readDoubleBE(8), ordinal: payload.readInt32BE(16) };
  }

  #seal(organizationId: string, payload: Buffer): Buffer {
    const hmac = createHmac('sha256', this.#secret).update(organizationId).update(payload);
    return hmac.digest().subarray(0, SEAL_BYTES);
  }
}
