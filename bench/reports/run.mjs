import { runTypeScript } from '../run-typescript.mjs';

await runTypeScript('reports/main.ts');
