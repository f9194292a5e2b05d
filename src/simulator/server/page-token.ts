import { createHmac } from 'node:crypto';
import type { Position } from '../world/delivery-log.ts';

const PAYLOAD_BYTES = 24;
const SEAL_BYTES = 10;

/** What a token stands for. */
export interface PageStart {
  readonly position: Position;
  /** How many pages of the window were given before it. */
  readonly pages: number;
}

/** Issues and reads the opaque tokens of the webhook logs; those of a simulator with the same seed are good. */
export class PageTokens {
  readonly #secret: string;
  readonly #lifetime: number;
  readonly #pages: number;

  /**
   * @param lifetime seconds
   * @param pages how many pages of a window are given before its tokens are no longer good; false for any
   */
  constructor(seed: number | string, lifetime: number, pages: number | false) {
    this.#secret = `page tokens of ${seed}`;
    this.#lifetime = lifetime;
    this.#pages = pages === false ? Number.POSITIVE_INFINITY : pages;
  }

  /** @param now milliseconds */
  issue(organizationId: string, { position, pages }: PageStart, now: number): string {
    const payload = Buffer.alloc(PAYLOAD_BYTES);
    payload.writeDoubleBE(now, 0);
    payload.writeDoubleBE(position.sentAt, 8);
    payload.writeInt32BE(position.ordinal, 16);
    payload.writeInt32BE(pages, 20);
    return Buffer.concat([payload, this.#seal(organizationId, payload)]).toString('base64url');
  }

  /** Undefined for a token that is forged, of another organization, older than the lifetime, or too many pages on. */
  read(organizationId: string, token: string, now: number): PageStart | undefined {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length !== PAYLOAD_BYTES + SEAL_BYTES) return undefined;
    const payload = bytes.subarray(0, PAYLOAD_BYTES);
    if (!this.#seal(organizationId, payload).equals(bytes.subarray(PAYLOAD_BYTES))) return undefined;
    if (now - payload.readDoubleBE(0) > this.#lifetime * 1_000) return undefined;
    const pages = payload.readInt32BE(20);
    if (pages >= this.#pages) return undefined;
    return { position: { sentAt: payload.readDoubleBE(8), ordinal: payload.readInt32BE(16) }, pages };
  }

  #seal(organizationId: string, payload: Buffer): Buffer {
    const hmac = createHmac('sha256', this.#secret).update(organizationId).update(payload);
    return hmac.digest().subarray(0, SEAL_BYTES);
  }
}
