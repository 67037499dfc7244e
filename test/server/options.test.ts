// What a server is made with: a wrong argument is a TypeError or a RangeError that names it.
import { expect } from 'chai';
import { PublicKeysWrapper, ServerWrapper } from '../../src/index.ts';
import { others, pk, serverFrom, userFrom } from '../support/arguments.ts';

describe('the arguments of a server', () => {
  it('are named if they are wrong', () => {
    expect(serverFrom(2, 5)).to.be.instanceOf(ServerWrapper);
    for (const [name, args, kind] of [
      ['threshold:', [1, 5], RangeError],
      ['threshold:', [undefined, 5], TypeError],
      ['vecLen:', [2, 0], RangeError],
      ['vecLen:', [2, 2 ** 32], RangeError],
      ['vecLen:', [2, 2 ** 30, { bits: 9 }], RangeError],
      ['vecLen:', [2, '5'], TypeError],
      ['options.publicKeys:', [2, 5, { publicKeys: new Map() }], TypeError],
      ['options.modularInputs:', [2, 5, { modularInputs: 1 }], TypeError],
      ['options.minHonest:', [2, 5, { minHonest: 0 }], RangeError],
      ['options.listener:', [2, 5, { listener: {} }], TypeError],
      ['options.threads:', [2, 5, { threads: -1 }], RangeError],
      ['options.threads:', [2, 5, { threads: 1025 }], RangeError],
      ['options.threads:', [2, 5, { threads: '1' }], TypeError],
      ['options.worker:', [2, 5, { worker: 'file:///worker.js' }], TypeError],
      ['options.worker:', [2, 5, { worker: null }], TypeError],
      ['options.worker:', [2, 5, { worker: new URL('https://example.org/worker.js') }], RangeError],
      ['threshold:', [2, 5, { colluders: 2 }], RangeError],
      ['registered keys', [2, 1, { publicKeys: new PublicKeysWrapper([[2, pk]]) }], RangeError],
      ['options: expected a plain object, got a PublicKeysWrapper', [2, 1, others], TypeError],
    ] as const) {
      expect(() => serverFrom(...args), name).to.throw(kind, name);
    }
  });

  it('are named whatever stands in their place', () => {
    for (const threshold of [null, undefined, {}, [3], '3']) {
      expect(() => serverFrom(threshold, 3)).to.throw(TypeError, 'threshold');
    }
    for (const options of [null, 3, 'bits']) expect(() => serverFrom(2, 3, options)).to.throw(TypeError, 'options');
  });

  it('allow vectors of up to 2^29 bytes of lanes', () => {
    for (const [bits, most] of [
      [8, 2 ** 29],
      [16, 2 ** 28],
      [32, 2 ** 27],
      [33, 2 ** 26],
    ] as const) {
      expect(serverFrom(2, most, { bits }).describe().parameters.vecLen).to.equal(most);
      expect(() => serverFrom(2, most + 1, { bits })).to.throw(RangeError, 'vecLen');
    }
  });

  it('of the session cannot be given beside a state', () => {
    const state = serverFrom(2, 5).serializeState();
    expect(() => ServerWrapper.fromState(state, { publicKeys: others } as object)).to.throw(TypeError, "'publicKeys'");
    expect(ServerWrapper.fromState(state, { threads: 0 }).progress().round).to.equal(0);
  });

  it('set how many users may take part: by default those that are registered, or as many as there can be', () => {
    const mostOf = (party: { serializeState(): string }): unknown =>
      (JSON.parse(party.serializeState()) as { context: { policy: { maxUsers: unknown } } }).context.policy.maxUsers;
    const parties = [serverFrom(2, 5, { publicKeys: others }), serverFrom(2, 5), userFrom()];
    expect(parties.map(mostOf)).to.deep.equal([2, 65_535, 3]);
  });
});
