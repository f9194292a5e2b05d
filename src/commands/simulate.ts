import { type SimulatorOptions, startSimulator } from '../simulator/simulator.ts';
import { type Output, say } from './output.ts';

/** Runs the simulated dashboard until the signal is given. */
export async function simulate(options: {
  readonly simulator: SimulatorOptions;
  readonly output: Output;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { output, signal } = options;
  const simulator = await startSimulator(options.simulator);
  say(output, `A simulated dashboard answers at ${simulator.baseUrl}. In another terminal:`);
  say(output, `  export MERAKI_BASE_URL=${simulator.baseUrl} MERAKI_DASHBOARD_API_KEY=${simulator.key}`);
  say(output, '  export DATA_DIR=./data/simulated     # an archive takes the rows of one dashboard only');
  say(output, '  meraki-historian sync');
  if (options.simulator.faults !== undefined) {
    say(
      output,
      `Its faults and how often they struck: ${new URL('/simulator/faults', simulator.baseUrl).href}`,
    );
  }
  say(output, `What is true is told at ${new URL('/simulator/settings', simulator.baseUrl).href}`);
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  await simulator.stop();
}
