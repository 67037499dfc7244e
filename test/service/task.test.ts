// Tasks: the texts in their definitions. Digests and forms are compared with the reference in test/vectors/coordination.test.ts.
import { expect } from 'chai';
import { authorities, taskOf } from '../support/service.ts';
import { refused } from '../support/errors.ts';
import { Task } from '../../src/service/index.ts';

describe('a task', () => {
  const parties = authorities();
  const registrarOf = (scope: string): object => ({ registrar: { ...parties.registrar.authority, scope } });

  it('has a name of 1 to 100 bytes and a scope of 1 to 200 bytes, of whatever characters', () => {
    expect(taskOf(parties, { name: 'é'.repeat(50) }).definition.name.length).to.equal(50);
    expect(taskOf(parties, registrarOf('é'.repeat(100))).definition.registrar.scope.length).to.equal(100);
    for (const name of ['', 'x'.repeat(101), 'é'.repeat(51)])
      expect(() => taskOf(parties, { name })).to.throw(RangeError, 'task.name');
    for (const scope of ['', 'x'.repeat(201), 'é'.repeat(101)]) {
      expect(() => taskOf(parties, registrarOf(scope))).to.throw(RangeError, 'task.registrar.scope');
    }
  });

  it('is refused if half of a surrogate pair, of which no digest can be made, is in its texts', () => {
    expect(() => taskOf(parties, { name: 'a\ud83d' })).to.throw(RangeError, 'task.name');
    expect(() => taskOf(parties, registrarOf('\ude00b'))).to.throw(RangeError, 'task.registrar.scope');
  });

  describe('that is refused says', () => {
    const group = { threshold: 4, maxUsers: 6, adversary: 'malicious', colluders: 1, cohorts: null, graph: null } as const;
    const refusal = (changes: object): string => {
      try {
        taskOf(parties, changes);
      } catch (error) {
        if (error instanceof TypeError || error instanceof RangeError) return error.message;
        throw error;
      }
      throw new Error('it is accepted');
    };

    it('with a TypeError what is missing or of another type, with a RangeError what does not fit; JSON with a StateError', () => {
      for (const [changes, kind] of [
        [{ minUsers: '4' }, TypeError],
        [{ publisher: new Uint8Array(31) }, RangeError],
        [{ attempts: 0 }, RangeError],
        [{ group: { ...group, threshold: 1 } }, RangeError],
        [{ group: { ...group, threshold: 3 } }, RangeError],
        [{ group: { ...group, adversary: 'honest' } }, RangeError],
        [{ group: null }, TypeError],
        [{ aggregate: { kind: 'mean', length: 0 } }, RangeError],
        [{ retention: undefined }, TypeError],
      ] as const) {
        expect(() => taskOf(parties, changes as never), JSON.stringify(changes)).to.throw(kind, /^(task|aggregate)\b/);
      }
      const json = JSON.parse(JSON.stringify(taskOf(parties))) as { definition: { group: { threshold: number } } };
      json.definition.group.threshold = 3;
      const { message } = refused('ERR_SECAGG_STATE', () => Task.fromJSON(json));
      expect(message).to.contain('at least 4 for 6 users with 1 colluders');
      expect(refused('ERR_SECAGG_STATE', () => Task.fromJSON(JSON.stringify(json))).message).to.contain('JSON.parse');
    });

    it('the least threshold that it needs', () => {
      expect(refusal({ group: { ...group, threshold: 3 } })).to.contain('at least 4 for 6 users with 1 colluders');
      expect(taskOf(parties, { group }).definition.group.threshold).to.equal(4);
      const semiHonest = { ...group, adversary: 'semi-honest', colluders: 2 } as const;
      expect(refusal({ group: { ...semiHonest, threshold: 2 } })).to.contain('at least 3 for 6 users with 2 colluders');
      expect(taskOf(parties, { group: { ...semiHonest, threshold: 3 } }).definition.group.threshold).to.equal(3);
      expect(refusal({ minUsers: 3 })).to.contain('from the threshold, 4, to maxUsers, 6, got 3');
    });

    it('why its sparse graph bears no session', () => {
      const graph = { neighbors: 8, shareThreshold: 6, security: 40 };
      const sparse = { ...group, threshold: 9, maxUsers: 12, colluders: 0, adversary: 'semi-malicious', graph } as const;
      const of = (changes: object, others: object = {}): string =>
        refusal({ group: { ...sparse, ...changes }, minUsers: 9, ...others });
      expect(taskOf(parties, { group: sparse, minUsers: 9 }).definition.group.graph).to.deep.equal(graph);
      expect(taskOf(parties, { group: { ...sparse, maxUsers: 100_000 }, minUsers: 9 }).definition.group.maxUsers).to.equal(
        100_000,
      );
      expect(of({ adversary: 'malicious' })).to.contain('a malicious server draws the sparse graph');
      expect(of({ colluders: 8 })).to.contain('do not protect 9 to 12 users with 8 colluders');
      expect(of({ graph: { ...graph, neighbors: 7 } })).to.contain('an even number');
      expect(of({ threshold: 8 })).to.contain('threshold');
      expect(of({ maxUsers: 1_000_001 })).to.contain('maxUsers');
      expect(of({ cohorts: { least: 1, most: 2, seed: { min: 1, max: 1, grace: 0 } } })).to.contain('null if there are cohorts');
      expect(of({ graph: null, adversary: 'semi-honest', maxUsers: 65_536 })).to.contain(
        'at most 65535 users on the complete graph',
      );
    });

    it('that its noise is made for another graph, or with another security', () => {
      const graph = { neighbors: 4, shareThreshold: 4 };
      const noisy = { kind: 'privateSum', length: 1, l2Clip: 1, threshold: 6, colluders: 0, adversary: 'semi-malicious' };
      const sparse = {
        ...group,
        threshold: 6,
        maxUsers: 7,
        colluders: 0,
        adversary: 'semi-malicious',
        graph: { ...graph, security: 30 },
      };
      const aggregate = { ...noisy, noiseMultiplier: 1, graph, security: 30 };
      expect(taskOf(parties, { group: sparse, minUsers: 6, aggregate } as never).shape.options).to.deep.include({
        graph,
        security: 30,
      });
      for (const other of [
        { graph: { ...graph, shareThreshold: 3 } },
        { graph: { ...graph, neighbors: 2, shareThreshold: 2 } },
        { graph: undefined },
        { security: undefined },
        { security: 31 },
      ]) {
        const changed = { ...aggregate, ...other };
        expect(refusal({ group: sparse, minUsers: 6, aggregate: changed })).to.contain('task.aggregate.graph');
      }
      const complete = { ...sparse, graph: null };
      expect(refusal({ group: complete, minUsers: 6, aggregate })).to.contain('task.aggregate.graph');
    });

    it('which fields it does not know, in the definition and in JSON', () => {
      expect(refusal({ windws: 1 })).to.contain('no fields windws');
      expect(refusal({ group: { ...group, treshold: 4 } })).to.match(/^task\.group: .*no fields treshold$/);
      const json = JSON.parse(JSON.stringify(taskOf(parties))) as { definition: { group: object } };
      Object.assign(json.definition.group, { neighbours: 4 });
      const { message } = refused('ERR_SECAGG_STATE', () => Task.fromJSON(json));
      expect(message).to.match(/^task\.definition\.group: .*no fields neighbours$/);
    });

    it('which fields are missing', () => {
      const { cohorts, ...less } = group;
      expect(cohorts).to.equal(null);
      expect(refusal({ group: less })).to.match(/^task\.group: .*fields cohorts, which are missing$/);
      expect(refusal({ publisher: undefined, retention: undefined })).to.contain(
        'the fields retention, publisher, which are missing',
      );
    });

    it('that a definition which is no object is none', () => {
      for (const definition of [null, [], 'task']) expect(() => new Task(definition as never)).to.throw(TypeError, /^definition/);
    });
  });
});
