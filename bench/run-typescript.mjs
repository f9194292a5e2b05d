/*
 * Node 20 runs no TypeScript: this lets Vite, which comes with Vitest, load the file and calls its `main`.
 */
import { join } from 'node:path';
import process from 'node:process';
import { createViteServer } from 'vitest/node';

/**
 * Runs `main(arguments)` of a TypeScript file below this folder and ends the process with the code it gives.
 *
 * @param {string} file
 */
export async function runTypeScript(file) {
  const vite = await createViteServer({
    configFile: false,
    root: join(import.meta.dirname, '..'),
    server: { middlewareMode: true, watch: null, ws: false },
    appType: 'custom',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { main } = await vite.ssrLoadModule(join(import.meta.dirname, file));
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    vite.ssrFixStacktrace(error);
    throw error;
  } finally {
    await vite.close();
  }
}
