// Run as a program: one user of three answers round 2 with its memory given away. Prints the most memory that the process held beyond
// what it held before, with the vector itself, as so many times the vector.
import { readFileSync, writeFileSync } from 'node:fs';
import { mostResident } from '../../bench/memory/resident.ts';
import { Session } from '../support/session.ts';

const vecLen = Number(process.argv[2]);
const session = await new Session({ ids: [0, 1, 2], threshold: 2, vecLen, vectorOf: () => null, options: { bits: 32 } }).before(
  2,
);
const vector = new Int32Array(vecLen).fill(1);
const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
const before = 1024 * Number(kilobytes) - vector.byteLength;
const bytes = vector.byteLength;
writeFileSync('/proc/self/clear_refs', '5'); // what was held most is counted from now on
const user = session.user(0);
user.setVector(vector, { transfer: true });
await user.round(session.messages.get(0)!);
console.log((mostResident() - before) / bytes);
