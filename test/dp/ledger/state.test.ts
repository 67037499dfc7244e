// The text of a ledger: strict, chained, and older ones are told by a head that is kept elsewhere.
import { expect } from 'chai';
import { curveOf } from '../../../src/dp/accounting/curve.ts';
import { Ledger } from '../../../src/dp/ledger/ledger.ts';
import { StateError } from '../../../src/leaves/errors.ts';
import { noisedSum } from '../accounting/noised-sum.ts';

const cost = { adjacency: 'zero-out', binding: 'plan 1', curve: curveOf(noisedSum()) } as const;

function used(): Ledger {
  const ledger = new Ledger({ epsilon: 2, delta: 1e-5, adjacency: 'zero-out' });
  ledger.reserve({ id: 'a', ...cost });
  ledger.sent('a');
  ledger.settle('a', { ...cost, survivors: 'verified' });
  ledger.reserve({ id: 'b', ...cost });
  return ledger;
}

interface Written {
  revision: number;
  head: string;
  terms: Record<string, unknown>;
  events: Record<string, unknown>[];
}

/** The state of a used ledger after a change of its JSON. */
function changed(change: (json: Written) => void): string {
  const json = JSON.parse(used().serializeState()) as Written;
  change(json);
  return JSON.stringify(json);
}

describe('the state of a ledger', () => {
  it('has a revision and a head that change with each event', () => {
    const ledger = new Ledger({ epsilon: 2, delta: 1e-5, adjacency: 'zero-out' });
    const [before] = [ledger.progress()];
    ledger.reserve({ id: 'a', ...cost });
    expect(before.revision).to.equal(0);
    expect(ledger.progress().revision).to.equal(1);
    expect(ledger.progress().head)
      .to.match(/^[\da-f]{64}$/)
      .and.not.equal(before.head);
  });

  it('of which an older one is refused by whoever kept the newer head', () => {
    const ledger = used();
    const old = ledger.serializeState();
    const oldHead = ledger.progress().head;
    ledger.fail('b');
    const { head } = ledger.progress();
    expect(() => Ledger.fromState(old, { head }))
      .to.throw(StateError)
      .with.property('code', 'ERR_SECAGG_STATE_OLD');
    expect(Ledger.fromState(ledger.serializeState(), { head: oldHead }).includes(head)).to.equal(true);
    expect(Ledger.fromState(old).progress().revision).to.equal(4); // consistent in itself
  });

  it('lets one of two processes win that write at once', () => {
    let row = { revision: 0, state: new Ledger({ epsilon: 2, delta: 1e-5, adjacency: 'zero-out' }).serializeState() };
    const reserve = (id: string, read: typeof row): boolean => {
      const ledger = Ledger.fromState(read.state);
      ledger.reserve({ id, ...cost });
      if (row.revision !== read.revision) return false;
      row = { revision: ledger.progress().revision, state: ledger.serializeState() };
      return true;
    };
    const read = row;
    expect([reserve('a', read), reserve('b', read), reserve('b', row)]).to.deep.equal([true, false, true]);
    expect(
      Ledger.fromState(row.state)
        .progress()
        .entries.map(({ id }) => id),
    ).to.deep.equal(['a', 'b']);
  });

  const attacks: readonly (readonly [what: string, change: (json: Written) => void])[] = [
    ['an event that is missing', (json) => json.events.splice(1, 1)],
    ['events in another order', (json) => json.events.push(json.events.shift() ?? {})],
    ['another binding', (json) => Object.assign(json.events[0] ?? {}, { binding: 'plan 2' })],
    ['a smaller charge', (json) => Object.assign(json.events[0] ?? {}, { charge: { divergences: [], delta: 0 } })],
    ['a larger budget', (json) => Object.assign(json.terms, { epsilon: 3 })],
    ['another order', (json) => Object.assign(json.terms, { order: 5 })],
    ['another adjacency', (json) => Object.assign(json.terms, { adjacency: 'replace-one' })],
    ['another head', (json) => (json.head = 'A'.repeat(43) + '=')],
    ['another revision', (json) => json.revision++],
    ['a field more', (json) => Object.assign(json, { note: 1 })],
    ['a field of an event more', (json) => Object.assign(json.events[1] ?? {}, { note: 1 })],
    ['an unknown event', (json) => Object.assign(json.events[1] ?? {}, { kind: 'forgiven' })],
    ['users in a participant’s ledger', (json) => Object.assign(json.events[0] ?? {}, { users: [1] })],
    ['a number that is too large for JSON', (json) => Object.assign(json.terms, { epsilon: null })],
  ];
  for (const [what, change] of attacks) {
    it(`is refused with ${what}`, () => {
      expect(() => Ledger.fromState(changed(change)))
        .to.throw(StateError)
        .with.property('code', 'ERR_SECAGG_STATE');
    });
  }

  it('is refused if events exceed the budget, although they are chained', () => {
    const ledger = used();
    const text = ledger.serializeState();
    expect(() => Ledger.fromState(text.replace('"epsilon":2', '"epsilon":0.6'))).to.throw(StateError);
  });

  it('is refused if it is of another version or of another role', () => {
    const text = used().serializeState();
    const codes = { '"version":1': 'ERR_SECAGG_STATE_VERSION', '"secagg":"privacy-ledger"': 'ERR_SECAGG_STATE_ROLE' };
    for (const [part, code] of Object.entries(codes)) {
      expect(() => Ledger.fromState(text.replace(part, part.replace('1', '2').replace('privacy-ledger', 'user'))))
        .to.throw(StateError)
        .with.property('code', code);
    }
  });
});
