import type { EndedMember } from './fleet.ts';

/** Exit codes that mean what they say of an unreachable world, and "done, but gaps remain". */
const SYNC_MAY_END_WITH = [0, 5, 6, 7];
const STACK_TRACE = /(?:^|\\n)\s+at [^\n]{1,200}:\d+/m;
const UNEXPECTED = /Unexpected:|UNEXPECTED|Unhandled|unhandled|ERR_UNHANDLED|FATAL ERROR/;

/** What a process said or how it ended, where it should not have. */
export function outputFaults(ended: EndedMember, secrets: readonly string[]): readonly string[] {
  const { number, command, bidden, exitCode, stdout, stderr } = ended;
  const who = `${command} ${number}`;
  const faults: string[] = [];
  if (!endedWell(ended)) faults.push(`${who} ended ${bidden ?? 'unbidden'} with exit code ${exitCode}`);
  for (const said of [stdout, stderr]) {
    if (secrets.some((secret) => said.includes(secret))) faults.push(`${who} said a secret`);
    const odd = said.split('\n').find((line) => UNEXPECTED.test(line) || STACK_TRACE.test(line));
    if (odd !== undefined) faults.push(`${who} said: ${odd.slice(0, 500)}`);
  }
  return faults;
}

function endedWell({ command, bidden, exitCode, stderr }: EndedMember): boolean {
  if (bidden === 'killed') return true;
  // Before the program has begun, SIGTERM ends Node itself.
  if (bidden === 'stopped') return exitCode === 0 || exitCode === 130 || (exitCode === null && stderr === '');
  if (command === 'migrate') return exitCode === 0;
  return command === 'sync' && exitCode !== null && SYNC_MAY_END_WITH.includes(exitCode);
}
