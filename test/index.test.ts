// The entry point: what it exports.
import { expect } from 'chai';
import * as secagg from '../src/index.ts';
import { genKeypair } from '../src/index.ts';

describe('the entry point', () => {
  it('exports what the documents name, and no more', () => {
    expect(Object.keys(secagg).sort()).to.deep.equal(
      [
        'genKeypair',
        'messageSizes',
        'round0Msg',
        'PublicKeysWrapper',
        'UserWrapper',
        'ServerWrapper',
        'ServerOutputWrapper',
        'ERROR_CODES',
        'SecAggError',
        'UsageError',
        'DecodeError',
        'ProtocolError',
        'DisputeError',
        'AuthenticationError',
        'ThresholdError',
        'StateError',
        'StoreError',
      ].sort(),
    );
  });

  it('genKeypair gives a fresh pair of 32 bytes each', () => {
    const [one, two] = [genKeypair(), genKeypair()];
    expect([...one, ...two].map(({ length }) => length)).to.deep.equal([32, 32, 32, 32]);
    expect(one).not.to.deep.equal(two);
  });
});
