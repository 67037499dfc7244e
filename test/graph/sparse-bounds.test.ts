// Which sessions on a sparse graph are refused by one of the conditions alone, so that none of them can be left out.
import { expect } from 'chai';
import { sparseGraphBears, type SparseSession } from '../../src/graph/sparse-bounds.ts';

const session = (given: Partial<SparseSession>): SparseSession => ({
  graph: { neighbors: 60, shareThreshold: 48 },
  adversary: 'semi-honest',
  threshold: 600,
  maxUsers: 1000,
  colluders: 0,
  security: 40,
  ...given,
});

describe('a sparse graph', () => {
  it('with so few neighbors that honest survivors could fall apart is refused, although nobody is corrupt', () => {
    const graph = { neighbors: 20, shareThreshold: 11 };
    expect(sparseGraphBears(session({ graph, threshold: 400 }))).to.equal(false);
    // If none of the users may drop out, none of them can be cut off.
    expect(sparseGraphBears(session({ graph, threshold: 1000 }))).to.equal(true);
  });

  it('is refused if survivors could fall apart once users that work with the server are gone too', () => {
    expect(sparseGraphBears(session({ colluders: 0 }))).to.equal(true);
    expect(sparseGraphBears(session({ colluders: 150 }))).to.equal(false);
    // Against more dropouts without any colluder it is the same condition.
    expect(sparseGraphBears(session({ threshold: 450 }))).to.equal(false);
  });

  it('on which a user could be surrounded by corrupt neighbors is refused', () => {
    const graph = { neighbors: 60, shareThreshold: 20 };
    expect(sparseGraphBears(session({ graph, threshold: 1000, colluders: 10 }))).to.equal(true);
    expect(sparseGraphBears(session({ graph, threshold: 1000, colluders: 150 }))).to.equal(false);
  });

  it('is refused against a malicious server, whatever its numbers', () => {
    expect(sparseGraphBears(session({ adversary: 'malicious' }))).to.equal(false);
  });
});
