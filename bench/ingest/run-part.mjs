/*
 * Runs `main` of one file of this folder as a process of its own: `node run-part.mjs FILE ARGUMENTS…`.
 */
import { runTypeScript } from '../run-typescript.mjs';

const [file = ''] = process.argv.splice(2, 1);
await runTypeScript(`ingest/${file}`);
