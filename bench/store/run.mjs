import { runTypeScript } from '../run-typescript.mjs';

await runTypeScript('store/main.ts');
