// What a worker of the browser runs: the sessions of all runtimes.
import { answers } from '../runtimes/answers.ts';

void answers().then((given) => postMessage(JSON.stringify(given)));
