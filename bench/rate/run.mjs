import { runTypeScript } from '../run-typescript.mjs';

await runTypeScript('rate/main.ts');
