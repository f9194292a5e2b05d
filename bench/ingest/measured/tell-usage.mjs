/*
 * Loaded into a measured process: when it ends, it says on file descriptor 3 what it used.
 */
import { writeSync } from 'node:fs';

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpuMicroseconds: userCPUTime + systemCPUTime, peakBytes: maxRSS * 1_024 };
  writeSync(3, `${JSON.stringify(usage)}\n`);
});
