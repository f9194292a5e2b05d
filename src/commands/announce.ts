import type { Archive } from './archive.ts';
import { type Output, say } from './output.ts';

/** Says how to reach the embedded Postgres, whose address nobody else knows. No secret is printed. */
export function announce({ opened }: Archive, output: Output): void {
  if (opened.reader === undefined) return;
  say(output, `Postgres runs here for as long as this process does. To look into it:`);
  say(output, `  psql '${opened.reader.uri}'`);
  say(output, `  other tools: user meraki_reader, password in ${opened.reader.passwordFile}`);
}
