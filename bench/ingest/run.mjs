import { runTypeScript } from '../run-typescript.mjs';

await runTypeScript('ingest/main.ts');
