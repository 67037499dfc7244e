// Recovery is strict: a state that is not exactly one of this role and version, whole and consistent, is a StateError, and
// nothing of it is recovered. Every field of every phase of both roles is left out, doubled, and given other values.
import { expect } from 'chai';
import { ServerWrapper, StateError, UserWrapper } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const IDS = [4, 8, 15, 16];

/** A state of a user and one of the server in every phase. */
async function allStates(): Promise<{ users: string[]; servers: string[] }> {
  const session = new Session({ ids: IDS, threshold: 3, vecLen: 5, options: { bits: 12, session: 'strict' } });
  const [users, servers] = [[session.user(8).serializeState()], [session.server.serializeState()]];
  for (let round = 0; round <= 4; round++) {
    const answers = await session.answers([[], [], [16]][round]);
    for (const [id, answer] of answers) {
      session.server.recv(id, answer);
      if (id === 8) servers.push(session.server.serializeState());
    }
    users.push(session.user(8).serializeState());
    await session.close();
    servers.push(session.server.serializeState());
  }
  const failed = await new Session({ threshold: 3 }).before(2);
  await failed
    .user(0)
    .round(new Uint8Array(1))
    .catch(() => undefined);
  await failed.server.round().catch(() => undefined);
  users.push(failed.user(0).serializeState());
  servers.push(failed.server.serializeState());
  return { users, servers };
}

/** Every way to change one place of a document; each gives a changed copy of the whole. */
function* mutations(json: Json): Generator<[what: string, changed: Json]> {
  for (const other of otherValues(json))
    yield [`${JSON.stringify(json).slice(0, 40)} → ${JSON.stringify(other).slice(0, 40)}`, other];
  if (Array.isArray(json)) {
    for (const [i, element] of json.entries()) {
      for (const [what, changed] of mutations(element)) yield [`[${String(i)}] ${what}`, json.with(i, changed)];
      if (i > 3) break;
    }
  } else if (typeof json === 'object' && json !== null) {
    for (const [name, value] of Object.entries(json)) {
      const rest = Object.fromEntries(Object.entries(json).filter(([other]) => other !== name));
      yield [`without ${name}`, rest];
      yield [`${name} renamed`, { ...rest, [`${name}2`]: value }];
      for (const [what, changed] of mutations(value)) yield [`.${name} ${what}`, { ...json, [name]: changed }];
    }
    yield ['a field more', { ...json, more: 1 }];
    yield [
      'a field of the prototype',
      JSON.parse(JSON.stringify(json).replace('{', '{"__proto__":1,').replace(',}', '}')) as Json,
    ];
  }
}

function otherValues(json: Json): Json[] {
  if (json === null) return [0, 'AAAA', {}, [], false];
  if (typeof json === 'boolean') return [0, 'true', null];
  if (typeof json === 'number') return [json + 0.5, -1, 2 ** 53, String(json), null, [json]];
  if (typeof json === 'string') return [`${json} `, `${json}AAAA`, json.slice(1), 5, null, { text: json }];
  if (Array.isArray(json)) return [{}, null, [...json, null], ...(json.length > 0 ? [json.slice(1), [...json, json[0]!]] : [])];
  return [[], null, 'object', 1];
}

/** Changes that give another valid state: each is listed with why it has to be admitted. */
const ADMITTED: readonly RegExp[] = [
  // A longer or shorter text of the application's context, of an error or of bytes of any length is one as good.
  /^\.state \.error \.message "/,
  /^\.state \.error \.round \d → null$/,
  /^\.context \.publicKeys \[/, // one registered user less or more
  /^\.context \.policy \.maxUsers/,
  /^\.context \.parameters \.session/,
  /^\.output "/,
  /^\.input "[^"]*" → null$/, // an input that is still to come
  /^\.state \.holdings \[\d\] \.shares \{.*→ null$/, // a deal that could not be used
  // After an error, and once the sum is known, little is left that the rest could be held against.
  /^\.answered \["/,
  /^\.state \.error \.round null → 0$/,
  /^\.received \[[14]\] \[\[/,
  /^\.dropped \[\{/,
];

describe('a state that was changed', () => {
  let states: { users: string[]; servers: string[] };
  before(async () => {
    states = await allStates();
  });

  for (const role of ['users', 'servers'] as const) {
    it(`of ${role}: no field can be missing, extra, of another type or of another length`, function () {
      this.timeout(60_000);
      let tried = 0;
      const admitted = new Set<string>();
      for (const state of states[role]) {
        const recover = (text: string): string =>
          (role === 'users' ? UserWrapper.fromState(text) : ServerWrapper.fromState(text)).serializeState();
        expect(recover(state)).to.equal(state);
        for (const [what, changed] of mutations(JSON.parse(state) as Json)) {
          tried++;
          const text = JSON.stringify(changed);
          let outcome: unknown;
          try {
            outcome = recover(text);
          } catch (error) {
            outcome = error;
          }
          if (outcome instanceof StateError) continue;
          if (ADMITTED.some((pattern) => pattern.test(what))) continue;
          admitted.add(
            `${what.replace(/"[^"]{30,}/g, '…').slice(0, 160)}: ${outcome instanceof Error ? String(outcome.stack) : 'recovered'}`,
          );
        }
      }
      expect([...admitted]).to.deep.equal([]);
      expect(tried).to.be.greaterThan(1000);
    });
  }

  it('of the other role, or of another version, is refused with its own code', () => {
    for (const [i, user] of states.users.entries()) {
      const server = states.servers[i]!;
      refused('ERR_SECAGG_STATE_ROLE', () => UserWrapper.fromState(server));
      refused('ERR_SECAGG_STATE_ROLE', () => ServerWrapper.fromState(user));
      refused('ERR_SECAGG_STATE_VERSION', () => UserWrapper.fromState(user.replace('"version":1', '"version":2')));
      refused('ERR_SECAGG_STATE_VERSION', () => ServerWrapper.fromState(server.replace('"version":1', '"version":0')));
    }
  });

  it('that is no JSON, or not one object, is refused', () => {
    for (const text of ['', 'x', '{', 'null', '1', '[]', '"a"', `${states.users[0]!}x`, states.users[0]!.slice(0, -1)]) {
      refused('ERR_SECAGG_STATE', () => UserWrapper.fromState(text)).message.split('').length;
      refused('ERR_SECAGG_STATE', () => ServerWrapper.fromState(text));
    }
    for (const value of [undefined, null, 5, {}, new Uint8Array(3)]) {
      expect(() => UserWrapper.fromState(value as never)).to.throw(TypeError);
      expect(() => ServerWrapper.fromState(value as never)).to.throw(TypeError);
    }
  });

  it('leaves the object that should have recovered it as it was', () => {
    const [user, server] = [UserWrapper.fromState(states.users[2]!), ServerWrapper.fromState(states.servers[2]!)];
    const broken = (text: string): string => text.replace('"threshold":3', '"threshold":"3"');
    expect(() => user.recoverState(broken(states.users[3]!))).to.throw(StateError);
    expect(() => server.recoverState(broken(states.servers[3]!))).to.throw(StateError);
    expect(user.serializeState()).to.equal(states.users[2]);
    expect(server.serializeState()).to.equal(states.servers[2]);
  });

  it('never shows in the error: no secret of it is quoted', () => {
    for (const state of states.users) {
      const secrets = [...state.matchAll(/"([A-Za-z0-9+/]{43}=)"/g)].map(([, secret]) => secret!);
      for (const cut of [state.slice(0, -2), state.replaceAll('=', ''), state.replace('"phase"', '"fase"')]) {
        try {
          UserWrapper.fromState(cut);
        } catch (error) {
          const shown = `${(error as Error).message} ${String((error as Error).cause)}`;
          for (const secret of secrets) expect(shown.includes(secret.slice(0, 10))).to.equal(false);
        }
      }
    }
  });
});
