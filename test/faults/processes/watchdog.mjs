/*
 * Outlives a driver that was killed, to end what it started; the driver's end is seen by the end of standard
 * input. Each line names a process to watch (`+123`), one that has ended (`-123`), or a file whose first line
 * is the id of one (a path). Plain JavaScript, since Node 20 runs no TypeScript.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { text } from 'node:stream/consumers';

const watched = new Set();
for (const line of (await text(process.stdin)).trim().split('\n')) {
  if (line.startsWith('-')) watched.delete(`+${line.slice(1)}`);
  else watched.add(line);
}
for (const entry of watched) {
  try {
    const pid = Number(entry.startsWith('+') ? entry.slice(1) : readFileSync(entry, 'utf8').split('\n')[0]);
    if (pid > 1) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
