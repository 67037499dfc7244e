// Run as a program with the web engine: runs a session without WebCrypto, and prints one line if the sum is exact.
import './take-webcrypto-away.ts';
import { Session } from '../support/session.ts';

const session = new Session({ ids: [3, 1, 2], threshold: 2, vecLen: 100, options: { bits: 20 } });
session.expectSum(await session.finish([[], [], [2]]), [1, 3]);
console.log('the sum is exact');
