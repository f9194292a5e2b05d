import type { MerakiClient } from '../meraki/client.ts';
import type { StreamKey } from '../stream-key.ts';
import type { Stream } from '../sync/stream.ts';

/** What is configured of a stream, whatever its endpoint. Durations in microseconds but for `everySeconds`. */
export interface StreamSettings {
  /** Between two reads of the live lane. */
  readonly everySeconds: number;
  readonly lookback: number;
  readonly span: number;
  readonly settle: number;
  /** Rows in quarantine beyond which no page is committed. */
  readonly quarantineLimit: number;
}

/** The parts of a stream that follow from its settings and the client alone. @param client asks for no other stream */
export function settingsOf(
  key: StreamKey,
  client: MerakiClient,
  settings: StreamSettings,
): Pick<Stream, 'key' | 'everySeconds' | 'limits' | 'quarantineLimit' | 'now' | 'clockSkewMs' | 'effort'> {
  return {
    key,
    everySeconds: settings.everySeconds,
    limits: settings,
    quarantineLimit: settings.quarantineLimit,
    now: () => client.now(),
    clockSkewMs: () => client.clockSkewMs,
    effort: () => client.effort,
  };
}
