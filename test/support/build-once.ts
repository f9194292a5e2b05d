import { buildProgram } from './program.ts';

/** Before any test, since files that run side by side would build it into one another's hands. */
export default buildProgram;
