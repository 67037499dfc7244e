// The state of a server as JSON: what is not exactly one of this role and version, whole and consistent, is a StateError, and
// nothing of it is recovered. Every field of every phase is left out, doubled, and given other values.
import { expect } from 'chai';
import { StateError, ServerWrapper } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import { wronglyRecovered } from '../support/json.ts';
import { statesOfEveryPhase } from '../support/saved-states.ts';

/** Changes that give another valid state: each is listed with why it has to be admitted. */
const ADMITTED: readonly RegExp[] = [
  // A longer or shorter text of the application's context, or of an error, is one as good.
  /^\.state \.error \.message "/,
  /^\.context \.publicKeys \[/, // one registered user less or more
  /^\.context \.policy \.maxUsers/,
  /^\.context \.parameters \.session/,
  // After an error, and once the sum is known, little is left that the rest could be held against.
  /^\.state \.error \.round \d → null$/,
  /^\.state \.error \.round null → 0$/,
  /^\.received \[[14]\] \[\[/,
  /^\.dropped \[\{/,
];

const recovered = (text: string): string => ServerWrapper.fromState(text).serializeState();

describe('the state of a server', () => {
  let states: readonly string[];
  let others: readonly string[];
  before(async () => {
    const saved = await statesOfEveryPhase();
    [states, others] = [saved.servers, saved.users];
  });

  it('is what it was once it is recovered', () => {
    for (const state of states) expect(recovered(state)).to.equal(state);
  });

  it('is refused if it was changed: no field can be missing, extra, of another type or of another length', function () {
    this.timeout(60_000);
    const { tried, wrong } = wronglyRecovered(states, recovered, ADMITTED);
    expect(wrong).to.deep.equal([]);
    expect(tried).to.be.greaterThan(1000);
  });

  it('is refused with its own code if it is of the other role, or of another version', () => {
    for (const other of others) refused('ERR_SECAGG_STATE_ROLE', () => ServerWrapper.fromState(other), StateError);
    for (const state of states) {
      const changed = state.replace('"version":1', '"version":0');
      refused('ERR_SECAGG_STATE_VERSION', () => ServerWrapper.fromState(changed), StateError);
    }
  });

  it('is refused if it is no JSON, or not one object', () => {
    for (const text of ['', 'x', '{', 'null', '1', '[]', '"a"', `${states[0]!}x`, states[0]!.slice(0, -1)]) {
      refused('ERR_SECAGG_STATE', () => ServerWrapper.fromState(text), StateError);
    }
    for (const value of [undefined, null, 5, {}, new Uint8Array(3)]) {
      expect(() => ServerWrapper.fromState(value as never)).to.throw(TypeError);
    }
  });

  it('leaves the server that should have recovered it as it was, if it is refused', () => {
    const server = ServerWrapper.fromState(states[2]!);
    expect(() => server.recoverState(states[3]!.replace('"threshold":3', '"threshold":"3"'))).to.throw(StateError);
    expect(server.serializeState()).to.equal(states[2]);
  });
});
