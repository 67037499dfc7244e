// What a server is made with: a wrong argument is a TypeError or a RangeError that names it.
import { platform } from '#platform';
import { expect } from 'chai';
import { systemRandom } from '../../src/crypto/random.ts';
import { genKeypair, PublicKeysWrapper, ServerWrapper, type ServerLocalOptions } from '../../src/index.ts';
import { serverLocals } from '../../src/server/options.ts';
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

  it('bear all registered users, or as many as may come, with the least threshold that does', () => {
    const publicKeys = new PublicKeysWrapper(Array.from({ length: 9 }, (_, id) => [id, genKeypair()[0]]));
    // 2t > n + c
    for (const [options, least] of [
      [{}, 5],
      [{ colluders: 2 }, 6],
      [{ maxUsers: 8 }, 5],
      [{ maxUsers: 7 }, 4],
      [{ adversary: 'semi-honest', colluders: 2 }, 3],
    ] as const) {
      expect(serverFrom(least, 1, { publicKeys, ...options })).to.be.instanceOf(ServerWrapper);
      expect(() => serverFrom(least - 1, 1, { publicKeys, ...options }), `${least}`).to.throw(RangeError, 'threshold:');
      const maxUsers = 'maxUsers' in options ? options.maxUsers : publicKeys.size; // when the keys come later
      expect(serverFrom(least, 1, { ...options, maxUsers })).to.be.instanceOf(ServerWrapper);
      expect(() => serverFrom(least - 1, 1, { ...options, maxUsers }), `${least}`).to.throw(RangeError, 'threshold:');
    }
    expect(() => serverFrom(4, 1, { publicKeys })).to.throw(RangeError, 'expected at least 5,');
    expect(() => serverFrom(4, 1, { publicKeys, colluders: 1 })).to.throw(RangeError, 'expected at least 6,');
  });

  it('about threads are the caller’s own, or as many threads as the engine has and the package’s own worker', () => {
    const localsOf = (options: ServerLocalOptions): unknown => {
      const { threads, worker, random } = serverLocals(options, systemRandom);
      expect(random).to.equal(systemRandom);
      return { threads, worker };
    };
    const worker = new URL('file:///tmp/worker.js');
    expect(localsOf({})).to.deep.equal({ threads: platform.threads?.available ?? 0, worker: null });
    expect(localsOf({ threads: 0, worker })).to.deep.equal({ threads: 0, worker: worker.href });
    expect(localsOf({ threads: 1024 })).to.deep.equal({ threads: 1024, worker: null });
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
