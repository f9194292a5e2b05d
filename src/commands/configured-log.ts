import type { Config } from '../config.ts';
import { createLog, type Log } from '../log.ts';

/** A log that writes none of the configuration's secrets. */
export function configuredLog(config: Config, level: string, destination: NodeJS.WritableStream): Log {
  const urls = [config.databaseUrl, config.redisUrl].filter((url) => url !== undefined);
  const passwords = urls.map((url) => new URL(url).password).filter((password) => password !== '');
  const secrets = [config.meraki.key, ...passwords, ...passwords.map(decodeURIComponent)];
  const told = secrets.filter((secret) => secret !== undefined);
  return createLog({ level, format: config.log.format, secrets: told }, destination);
}
