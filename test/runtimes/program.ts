// Run as a program: prints the answers as JSON.
import { answers } from './answers.ts';

console.log(JSON.stringify(await answers()));
