import { runTypeScript } from '../run-typescript.mjs';

await runTypeScript('workers/main.ts');
