import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  readonly format: 'pretty' | 'json';
  /** Values that must never be written, whatever field or text they turn up in. */
  readonly secrets: readonly string[];
}

/**
 * Log lines go to standard error, so that standard output stays the command's answer.
 * Every line passes through `secrets` as text: a redaction by field name would miss a key inside a message.
 */
export function createLog(options: LogOptions, destination: NodeJS.WritableStream = process.stderr): Log {
  const secrets = spellings(options.secrets);
  const sink: DestinationStream =
    options.format === 'pretty'
      ? pretty({ destination, colorize: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' })
      : { write: (line) => destination.write(line) };
  const guarded: DestinationStream = {
    write: (line) => {
      let text = line;
      for (const secret of secrets) text = text.replaceAll(secret, '[secret]');
      sink.write(text);
    },
  };
  return pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, guarded);
}

/** How secrets can turn up in a JSON line, the longest first: one secret may begin with another. */
function spellings(secrets: readonly string[]): readonly string[] {
  return [...new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))]
    .filter((secret) => secret.length >= 4)
    .sort((a, b) => b.length - a.length);
}
