// The least and the most of what a session is made with, as arguments and in states; and what no single field of a state shows.
import { expect } from 'chai';
import { PublicKeysWrapper, ServerWrapper, StateError } from '../../src/index.ts';
import { membersOf } from '../../src/leaves/members.ts';
import * as codecs from '../../src/session/json.ts';
import {
  checkOptionNames,
  componentLimit,
  laneBytes,
  mostComponents,
  mostStoredComponents,
  mostUsers,
  packedLength,
  resolveParameters,
  resolvePolicy,
  sessionContext,
  shareThresholdOf,
  type Policy,
} from '../../src/session/parameters.ts';
import { refused } from '../support/errors.ts';

const SPARSE = { neighbors: 4, shareThreshold: 3 };
const POLICY = { adversary: 'malicious', colluders: 0, security: 40, minHonest: 1 } as const;

describe('the parameters of a session', () => {
  it('have a least and a most each, and one more or less is refused by its name', () => {
    for (const [name, least, most, resolve] of [
      ['threshold', 2, 65_535, (n) => resolveParameters(n, 1, {}).threshold],
      ['threshold', 5, 1_000_000, (n) => resolveParameters(n, 1, { graph: SPARSE }).threshold],
      ['vecLen', 1, 2 ** 27, (n) => resolveParameters(2, n, {}).vecLen],
      ['vecLen', 1, 2 ** 29, (n) => resolveParameters(2, n, { bits: 8 }).vecLen],
      ['vecLen', 1, 2 ** 28, (n) => resolveParameters(2, n, { bits: 9 }).vecLen],
      ['vecLen', 1, 2 ** 27, (n) => resolveParameters(2, n, { bits: 17 }).vecLen],
      ['vecLen', 1, 2 ** 26, (n) => resolveParameters(2, n, { bits: 33 }).vecLen],
      ['options.bits', 1, 64, (n) => resolveParameters(2, 1, { bits: n }).bits],
      [
        'options.graph.shareThreshold',
        2,
        6,
        (n) => shareThresholdOf(resolveParameters(9, 1, { graph: { neighbors: 6, shareThreshold: n } })),
      ],
      ['options.maxUsers', 1, 65_535, (n) => resolvePolicy({ maxUsers: n }, 'complete', 5).maxUsers],
      ['options.maxUsers', 1, 1_000_000, (n) => resolvePolicy({ maxUsers: n }, SPARSE, 5).maxUsers],
      ['options.colluders', 0, 65_535, (n) => resolvePolicy({ colluders: n }, 'complete', 5).colluders],
      ['options.security', 1, 200, (n) => resolvePolicy({ security: n }, SPARSE, 5).security],
      ['options.minHonest', 1, 65_535, (n) => resolvePolicy({ minHonest: n }, 'complete', 5).minHonest],
    ] as readonly (readonly [string, number, number, (n: number) => number])[]) {
      for (const taken of [least, most]) expect(resolve(taken), name).to.equal(taken);
      for (const n of [least - 1, most + 1, least + 0.5, NaN]) expect(() => resolve(n), `${n}`).to.throw(RangeError, `${name}:`);
      expect(() => resolve(String(least) as never)).to.throw(TypeError, `${name}:`);
    }
  });

  it('on a sparse graph need an even number of neighbors, two or more, and no other name', () => {
    const graph = (neighbors: unknown): unknown =>
      resolveParameters(70_000, 1, { graph: { neighbors, shareThreshold: 2 } as never });
    for (const neighbors of [2, 4, 65_534]) {
      expect(graph(neighbors)).to.have.deep.property('graph', { neighbors, shareThreshold: 2 });
    }
    for (const neighbors of [0, 1, 3, 5, 65_535, 65_536]) {
      expect(() => graph(neighbors), `${neighbors}`).to.throw(RangeError, 'options.graph.neighbors:');
    }
    expect(() => graph('4')).to.throw(TypeError, 'options.graph.neighbors:');
    for (const given of [5, [4, 3], { ...SPARSE, k: 1 }]) {
      expect(() => resolveParameters(5, 1, { graph: given as never })).to.throw(TypeError);
    }
  });

  it('have defaults: 32 bits, the complete graph, no context, and a policy against a server that lies', () => {
    expect(resolveParameters(2, 1, {})).to.deep.equal({
      threshold: 2,
      vecLen: 1,
      bits: 32,
      graph: 'complete',
      session: new Uint8Array(),
    });
    expect(resolvePolicy({}, 'complete', 7)).to.deep.equal({ ...POLICY, maxUsers: 7 });
    expect(resolvePolicy({}, 'complete', 70_000).maxUsers).to.equal(65_535);
    expect(resolvePolicy({}, SPARSE, 70_000).maxUsers).to.equal(70_000);
    expect([mostUsers('complete'), mostUsers(SPARSE)]).to.deep.equal([65_535, 1_000_000]);
    expect(shareThresholdOf(resolveParameters(7, 1, {}))).to.equal(7);
  });

  it('name one of three adversaries', () => {
    for (const adversary of ['malicious', 'semi-malicious', 'semi-honest'] as const) {
      expect(resolvePolicy({ adversary }, 'complete', 7)).to.deep.equal({ ...POLICY, adversary, maxUsers: 7 });
    }
    for (const adversary of ['honest', 'Malicious', '', 5]) {
      expect(() => resolvePolicy({ adversary: adversary as never }, 'complete', 7)).to.throw(RangeError, 'options.adversary:');
    }
  });

  it('take a context of up to 65,536 bytes, of a string its UTF-8', () => {
    expect(sessionContext('é')).to.deep.equal(Uint8Array.of(0xc3, 0xa9));
    for (const context of ['é'.repeat(32_768), new Uint8Array(65_536)]) expect(sessionContext(context)).to.have.length(65_536);
    for (const context of [`${'é'.repeat(32_768)}a`, new Uint8Array(65_537)]) {
      expect(() => sessionContext(context)).to.throw(RangeError, 'options.session:');
    }
    const given = Uint8Array.of(1, 2);
    const kept = sessionContext(given);
    given.fill(0);
    expect(kept).to.deep.equal(Uint8Array.of(1, 2));
  });

  it('take options by their names and the role’s own, and no misspelt one, which would weaken a policy', () => {
    const names = ['session', 'bits', 'graph', 'maxUsers', 'adversary', 'colluders', 'security', 'minHonest', 'modularInputs'];
    for (const name of [...names, 'own']) checkOptionNames({ [name]: undefined }, ['own']);
    for (const name of [...names.map((known) => `${known}s`), 'own']) {
      expect(() => checkOptionNames({ [name]: undefined }, [])).to.throw(TypeError, `'${name}'`);
    }
  });

  it('say how long a vector is on the wire and in memory', () => {
    expect([1, 8, 9, 16, 17, 32, 33, 64].map(laneBytes)).to.deep.equal([1, 1, 2, 2, 4, 4, 8, 8]);
    expect([1, 8, 9, 16, 17, 32, 33, 64].map((bits) => packedLength(3, bits))).to.deep.equal([1, 3, 4, 6, 7, 12, 13, 24]);
    expect([8, 16, 32, 64].map(mostComponents)).to.deep.equal([2 ** 29, 2 ** 28, 2 ** 27, 2 ** 26]);
    expect([8, 16, 32, 64].map(mostStoredComponents)).to.deep.equal([1, 2, 4, 8].map((bytes) => (15 * 2 ** 24) / bytes));
  });

  it('say the largest component whose sum over all users cannot wrap', () => {
    for (const [bits, users, limit] of [
      [1, 1, 0n],
      [2, 1, 1n],
      [8, 1, 127n],
      [8, 2, 63n],
      [8, 127, 1n],
      [8, 128, 0n],
      [64, 3, 3_074_457_345_618_258_602n],
    ] as const) {
      expect(componentLimit(bits, users)).to.equal(limit);
    }
  });
});

describe('a state', () => {
  const stated = (run: () => unknown): StateError => refused('ERR_SECAGG_STATE', run, StateError);
  const parameters = resolveParameters(3, 4, {});
  const policy: Policy = { ...POLICY, maxUsers: 5 };

  it('has parameters and a policy that a constructor would have taken', () => {
    const json = { threshold: 3, vecLen: 4, bits: 32, graph: 'complete', session: '' };
    expect(codecs.parameters.decode(json, 'it')).to.deep.equal(parameters);
    for (const change of [{ threshold: 1 }, { vecLen: 0 }, { vecLen: 2 ** 28 }, { bits: 0 }, { bits: 65 }, { graph: 'ring' }]) {
      stated(() => codecs.parameters.decode({ ...json, ...change }, 'it'));
    }
    const sparse = { ...json, threshold: 5, graph: SPARSE };
    expect(codecs.parameters.decode(sparse, 'it')).to.have.deep.property('graph', SPARSE);
    expect(codecs.parameters.encode(codecs.parameters.decode(sparse, 'it'))).to.deep.equal(sparse);
    for (const change of [{ threshold: 4 }, { graph: { ...SPARSE, neighbors: 3 } }, { graph: { neighbors: 4 } }]) {
      stated(() => codecs.parameters.decode({ ...sparse, ...change }, 'it'));
    }
    codecs.requirePolicy(parameters, policy, 'it');
    for (const change of [{ maxUsers: 2 }, { maxUsers: 65_536 }, { colluders: 3 }, { security: 0 }, { minHonest: 4 }]) {
      stated(() => codecs.requirePolicy(parameters, { ...policy, ...change }, 'it'));
    }
  });

  it('has no vector that a text cannot hold, with one component less it may', () => {
    const most = mostStoredComponents(32);
    codecs.requireStorable({ ...parameters, vecLen: most });
    refused('ERR_SECAGG_STATE_SIZE', () => codecs.requireStorable({ ...parameters, vecLen: most + 1 }), StateError);
    expect(() => new ServerWrapper(2, most).serializeState()).not.to.throw();
  });

  it('has ids from 0 to 2^53 − 1, and positions from 0 to 999,999', () => {
    for (const id of [0, 2 ** 53 - 1]) expect(codecs.userId.decode(id, 'it')).to.equal(id);
    for (const id of [-1, -0, 2 ** 53, 0.5, '0', null]) stated(() => codecs.userId.decode(id, 'it'));
    for (const position of [0, 999_999]) expect(codecs.position.decode(position, 'it')).to.equal(position);
    for (const position of [-1, 1_000_000, 0.5, '0', null]) stated(() => codecs.position.decode(position, 'it'));
  });

  it('has a directory of as many users as the threshold needs and the policy takes', () => {
    // 2t > n: three shares bear five users.
    const wide = { ...policy, maxUsers: 9 };
    for (const users of [3, 5]) codecs.requireDirectorySize(users, parameters, wide, 'it');
    for (const users of [2, 6]) stated(() => codecs.requireDirectorySize(users, parameters, wide, 'it'));
    codecs.requireDirectorySize(4, parameters, { ...policy, maxUsers: 4 }, 'it');
    stated(() => codecs.requireDirectorySize(5, parameters, { ...policy, maxUsers: 4 }, 'it'));
  });

  it('has sets over its directory, of t users each', () => {
    const [three, two] = [membersOf([0, 2, 8], 9), membersOf([1, 8], 9)];
    codecs.requireQuorum({ u2: three }, parameters, 'it');
    stated(() => codecs.requireQuorum({ u2: three, u3: two }, parameters, 'it'));
    stated(() => codecs.requireQuorum({ u2: two, u3: three }, parameters, 'it'));
    codecs.requireMembers({ u2: three, u3: two }, 9, 'it');
    for (const users of [8, 17]) stated(() => codecs.requireMembers({ u2: three }, users, 'it'));
    stated(() => codecs.requireMembers({ u2: membersOf([0], 9), u3: membersOf([9], 10) }, 9, 'it'));
  });

  it('has ids in the order of its graph: ascending on the complete one, in any order but once each on a sparse one', () => {
    const sparse = resolveParameters(5, 1, { graph: SPARSE });
    for (const ids of [[], [0], [4], [0, 1, 5]]) {
      codecs.requireAscending(ids, 'it');
      codecs.requireOrder(ids, parameters, 'it');
      codecs.requireOrder(ids.toReversed(), sparse, 'it');
    }
    for (const ids of [
      [1, 0],
      [0, 0],
      [0, 2, 1],
      [0, 1, 1],
    ]) {
      stated(() => codecs.requireAscending(ids, 'it'));
      stated(() => codecs.requireOrder(ids, parameters, 'it'));
    }
    for (const ids of [
      [1, 0, 1],
      [5, 5],
    ]) {
      stated(() => codecs.requireOrder(ids, sparse, 'it'));
    }
  });

  it('has keys of 32 bytes, by distinct ids', () => {
    const key = 'A'.repeat(42) + 'A=';
    expect(codecs.publicKeys.decode([[1, key]], 'it').get(1 as never)).to.deep.equal(new Uint8Array(32));
    stated(() => codecs.publicKeys.decode([[1, 'AAAA']], 'it'));
    stated(() => codecs.publicKeys.decode([[-1, key]], 'it'));
    expect(PublicKeysWrapper.fromJSON([]).size).to.equal(0);
  });
});
