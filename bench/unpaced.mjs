/*
 * What the program does when nothing but itself holds it back: the request budgets are so large that they never make
 * anybody wait. They are asked for all the same. The settings themselves take no more than Meraki allows.
 */
import { loadConfig } from '../dist/config.js';

const UNPACED = 1_000_000;

/** The configuration of this process's environment, with budgets that are never used up. */
export function unpacedConfig() {
  const config = loadConfig(process.env, { key: true, terminal: false });
  const { meraki } = config;
  return {
    ...config,
    meraki: { ...meraki, requestsPerSecond: UNPACED, requestsPerSecondPerAddress: UNPACED },
  };
}
