// Which sessions a party's policy accepts: where each floor on the threshold lies, and how many colluders a session bears.
import { expect } from 'chai';
import { UsageError } from '../../src/index.ts';
import { checkReachable, colludersBorne, largestDirectory } from '../../src/graph/policy.ts';
import { sparseGraphBears } from '../../src/graph/sparse-bounds.ts';
import type { Graph, Parameters, Policy } from '../../src/session/parameters.ts';
import { refused } from '../support/errors.ts';

const parameters = (threshold: number, graph: Graph = 'complete'): Parameters => ({
  threshold,
  vecLen: 1,
  bits: 16,
  graph,
  session: new Uint8Array(),
});
const policy = (given: Partial<Policy>): Policy => ({
  adversary: 'malicious',
  colluders: 0,
  maxUsers: 1000,
  security: 40,
  minHonest: 1,
  ...given,
});
/** Bears a semi-honest server whose users drop out down to 600 of 1,000. */
const SPARSE: Graph = { neighbors: 60, shareThreshold: 48 };

describe('the largest directory that a policy accepts', () => {
  it('has fewer users than twice the threshold without the colluders, against a server that lies', () => {
    for (const adversary of ['malicious', 'semi-malicious'] as const) {
      expect(largestDirectory(parameters(67), policy({ adversary }))).to.equal(133);
      expect(largestDirectory(parameters(67), policy({ adversary, colluders: 3 }))).to.equal(130);
      expect(largestDirectory(parameters(67), policy({ adversary, maxUsers: 100 }))).to.equal(100);
      expect(largestDirectory(parameters(2), policy({ adversary, colluders: 10 }))).to.equal(0);
    }
  });

  it('is any against a server that follows the protocol, unless the colluders alone hold as many shares as open a secret', () => {
    const adversary = 'semi-honest';
    expect(largestDirectory(parameters(3), policy({ adversary, colluders: 2 }))).to.equal(1000);
    expect(largestDirectory(parameters(3), policy({ adversary, colluders: 3 }))).to.equal(0);
  });

  it('is any on a sparse graph, whose bounds hold for each number of users up to the largest', () => {
    expect(largestDirectory(parameters(400, SPARSE), policy({}))).to.equal(1000);
  });
});

describe('a session', () => {
  it('is refused if its threshold is out of reach, before its graph is looked at', () => {
    checkReachable(parameters(3), policy({ maxUsers: 3 }));
    expect(() => checkReachable(parameters(4), policy({ maxUsers: 3 }))).to.throw(RangeError, 'threshold:');
    expect(() => checkReachable(parameters(4, SPARSE), policy({ maxUsers: 3 }))).to.throw(RangeError, 'threshold:');
  });

  it('is refused if its threshold bears the colluders with no number of users', () => {
    checkReachable(parameters(3), policy({ colluders: 2 })); // with 3 users: 2 · 3 > 3 + 2
    expect(() => checkReachable(parameters(3), policy({ colluders: 3 }))).to.throw(RangeError, 'threshold:');
  });

  it('on a sparse graph is refused against a malicious server, and against others if the graph does not bear them', () => {
    const semiHonest = policy({ adversary: 'semi-honest' });
    checkReachable(parameters(600, SPARSE), semiHonest);
    refused('ERR_SECAGG_UNSAFE', () => checkReachable(parameters(600, SPARSE), policy({})), UsageError);
    refused('ERR_SECAGG_UNSAFE', () => checkReachable(parameters(450, SPARSE), semiHonest), UsageError);
  });
});

describe('the colluders that a session bears', () => {
  it('are 2t − n − 1 against a server that lies, and t − 1 against one that does not', () => {
    expect(colludersBorne(parameters(67), policy({}), 100)).to.equal(33);
    expect(colludersBorne(parameters(67), policy({ adversary: 'semi-honest' }), 100)).to.equal(66);
  });

  it('on a sparse graph are as many as its bounds allow: one more is refused', () => {
    for (const threshold of [600, 700]) {
      const semiHonest = policy({ adversary: 'semi-honest' });
      const borne = colludersBorne(parameters(threshold, SPARSE), semiHonest, 1000);
      const bears = (colluders: number): boolean => sparseGraphBears({ ...semiHonest, threshold, graph: SPARSE, colluders });
      expect([bears(borne), bears(borne + 1)]).to.deep.equal([true, false]);
    }
    expect(colludersBorne(parameters(450, SPARSE), policy({ adversary: 'semi-honest' }), 1000)).to.equal(-1);
  });
});

describe('a policy that asks for honest users', () => {
  it('refuses a threshold that colluders bring below it, on either graph', () => {
    const asked = { colluders: 7, minHonest: 60 };
    expect(() => {
      checkReachable(parameters(67), policy({ ...asked, maxUsers: 100 }));
    }).not.to.throw();
    refused('ERR_SECAGG_UNSAFE', () => {
      checkReachable(parameters(66), policy({ ...asked, maxUsers: 100 }));
    });
    const sparse = { adversary: 'semi-honest', maxUsers: 1000 } as const;
    expect(() => {
      checkReachable(parameters(600, SPARSE), policy({ ...sparse, minHonest: 600 }));
    }).not.to.throw();
    refused('ERR_SECAGG_UNSAFE', () => {
      checkReachable(parameters(600, SPARSE), policy({ ...sparse, minHonest: 601 }));
    });
  });
});
