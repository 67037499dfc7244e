// What the browser runs: a whole session through the published entry point.
import { session } from '../runtimes/session.ts';

Object.assign(globalThis, { session });
