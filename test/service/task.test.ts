// Tasks: the texts in their definitions. Digests and forms are compared with the reference in test/vectors/coordination.test.ts.
import { expect } from 'chai';
import { authorities, taskOf } from '../support/service.ts';
import { refused } from '../support/errors.ts';

describe('a task', () => {
  const parties = authorities();
  const registrarOf = (scope: string): object => ({ registrar: { ...parties.registrar.authority, scope } });

  it('has a name of 1 to 100 bytes and a scope of 1 to 200 bytes, of whatever characters', () => {
    expect(taskOf(parties, { name: 'é'.repeat(50) }).definition.name.length).to.equal(50);
    expect(taskOf(parties, registrarOf('é'.repeat(100))).definition.registrar.scope.length).to.equal(100);
    for (const name of ['', 'x'.repeat(101), 'é'.repeat(51)]) refused('ERR_SECAGG_STATE', () => taskOf(parties, { name }));
    for (const scope of ['', 'x'.repeat(201), 'é'.repeat(101)]) {
      refused('ERR_SECAGG_STATE', () => taskOf(parties, registrarOf(scope)));
    }
  });

  it('is refused if half of a surrogate pair, of which no digest can be made, is in its texts', () => {
    refused('ERR_SECAGG_STATE', () => taskOf(parties, { name: 'a\ud83d' }));
    refused('ERR_SECAGG_STATE', () => taskOf(parties, registrarOf('\ude00b')));
  });
});
