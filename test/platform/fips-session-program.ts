// Run by fips.test.ts in a process of its own, with OpenSSL's FIPS module: a session with one user that drops out, or why there is none.
import { getFips } from 'node:crypto';
import { SecAggError } from '../../src/index.ts';
import { Session } from '../support/session.ts';

try {
  const sum = await new Session({ ids: [1, 2, 3, 4], threshold: 3, vecLen: 2 }).finish([[], [], [4], [4], [4]]);
  console.log(`fips ${getFips()}: ${sum.join()}`);
} catch (error) {
  console.log(`fips ${getFips()}: ${error instanceof SecAggError ? error.code : String(error)}`);
}
