import { runTypeScript } from '../run-typescript.mjs';

await runTypeScript('idle/main.ts');
