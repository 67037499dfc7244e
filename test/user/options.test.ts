// What a user is made with: a wrong argument is a TypeError or a RangeError that names it.
import { expect } from 'chai';
import { genKeypair, PublicKeysWrapper, ServerWrapper, UserWrapper } from '../../src/index.ts';
import { others, pk, sk, userFrom } from '../support/arguments.ts';
import { refused } from '../support/errors.ts';
import { Session } from '../support/session.ts';

describe('the arguments of a user', () => {
  it('are named if they are wrong', () => {
    expect(userFrom()).to.be.instanceOf(UserWrapper);
    for (const [name, overrides, kind] of [
      ['id:', { id: -1 }, RangeError],
      ['id:', { id: 2 ** 53 }, RangeError],
      ['id:', { id: '0' }, TypeError],
      ['threshold:', { threshold: 1 }, RangeError],
      ['threshold:', { threshold: 2.5 }, RangeError],
      ['threshold:', { threshold: 65_536 }, RangeError],
      ['threshold:', { threshold: '2' }, TypeError],
      ['signPk:', { pk: pk.subarray(1) }, RangeError],
      ['signPk:', { pk: [...pk] }, TypeError],
      ['signPk:', { pk: genKeypair()[0] }, RangeError],
      ['signSk:', { sk: new Uint8Array(31) }, RangeError],
      ['signSk:', { sk: 'secret' }, TypeError],
      ['vec:', { vec: 'ab' }, TypeError],
      ['vec:', { vec: {}, options: { vecLen: 2 } }, TypeError],
      ['vec:', { vec: { length: '2' }, options: { vecLen: 2 } }, TypeError],
      ['vec:', { vec: [1, 2, 3], options: { vecLen: 2 } }, RangeError],
      ['vec:', { vec: 5 }, TypeError],
      ['vec:', { vec: undefined }, TypeError],
      ['vec[1]:', { vec: [1, 2 ** 31] }, RangeError],
      ['vecLen:', { vec: [] }, RangeError],
      ['options.vecLen:', { vec: null }, TypeError],
      ['othersSignPks:', { others: [] }, TypeError],
      ["'bit'", { options: { bit: 16 } }, TypeError],
      ["'threads'", { options: { threads: 2 } }, TypeError],
      ['options.bits:', { options: { bits: 0 } }, RangeError],
      ['options.bits:', { options: { bits: 65 } }, RangeError],
      ['options.bits:', { options: { bits: '32' } }, TypeError],
      ['options.session:', { options: { session: 5 } }, TypeError],
      ['options.session:', { options: { session: 'x'.repeat(65_537) } }, RangeError],
      ['options.graph:', { options: { graph: 'ring' } }, RangeError],
      ['options.adversary:', { options: { adversary: 'evil' } }, RangeError],
      ['options.adversary:', { options: { adversary: Symbol('evil') } }, RangeError],
      ['options:', { options: Object.create({ modularInputs: true }) as object }, TypeError],
      ['options.modularInputs:', { options: { modularInputs: 'no' } }, TypeError],
      ['options.modularInputs:', { options: { modularInputs: 0 } }, TypeError],
      ['options.colluders:', { options: { colluders: -1 } }, RangeError],
      ['options.maxUsers:', { options: { maxUsers: 0 } }, RangeError],
      ['options.listener:', { options: { listener: 5 } }, TypeError],
      ['threshold:', { options: { colluders: 2 } }, RangeError],
      ['threshold:', { options: { colluders: 2, adversary: 'semi-honest' } }, RangeError],
      ['registered keys', { threshold: 4 }, RangeError],
    ] as const) {
      expect(() => userFrom(overrides), JSON.stringify(overrides)).to.throw(kind, name);
    }
    refused('ERR_SECAGG_KEY_CONFLICT', () => userFrom({ id: 1 }));
  });

  it('are named whatever stands in their place', () => {
    for (const id of [null, undefined, {}, [3], '3']) expect(() => userFrom({ id })).to.throw(TypeError, 'id');
    for (const options of [null, 3, 'bits']) expect(() => userFrom({ options })).to.throw(TypeError, 'options');
  });

  it('may have the own key among the others’ keys or not', async () => {
    const session = new Session({ ids: [1, 2, 3], threshold: 2 });
    const [own, secret] = session.registered.keys.get(2)!;
    const without = new PublicKeysWrapper([1, 3].map((id) => [id, session.registered.keys.get(id)![0]] as const));
    session.users.set(2, new UserWrapper(2, 2, own, secret, session.setup.vectorOf(1, 2), without));
    session.expectSum(await session.finish(), [1, 2, 3]);
  });

  it('are copied: a context and keys that change later do not reach the session', async () => {
    const context = Uint8Array.of(1, 2, 3);
    const session = new Session({ ids: [1, 2, 3], threshold: 2, options: { session: context } });
    const states = (): string[] => [session.server, ...session.users.values()].map((party) => party.serializeState());
    const before = states();
    context.fill(9);
    for (const [, secretKey] of session.registered.keys.values()) secretKey.fill(9);
    expect(states()).to.deep.equal(before);
    session.expectSum(await session.finish(), [1, 2, 3]);
  });

  it('bear a PKI of more users than one session can have', () => {
    const many = new PublicKeysWrapper();
    for (let id = 1; id <= 65_536; id++) {
      const key = Uint8Array.from(pk);
      new DataView(key.buffer).setUint32(0, id);
      many.insert(id, key);
    }
    expect(userFrom({ others: many })).to.be.instanceOf(UserWrapper);
    expect(new ServerWrapper(2, 5, { publicKeys: many, maxUsers: 3 })).to.be.instanceOf(ServerWrapper);
  });

  it('limit components by the most users that the user accepts', () => {
    expect(() => userFrom({ vec: [2 ** 30, 0] })).to.throw(RangeError, 'for sums of 3 users');
    expect(userFrom({ vec: [2 ** 29, 0], options: { maxUsers: 2 } })).to.be.instanceOf(UserWrapper);
  });

  it('may ask for components of any size, which count modulo 2^bits', () => {
    const options = { bits: 16, modularInputs: true };
    const input = (vec: readonly number[]): string | null =>
      (JSON.parse(userFrom({ vec, options }).serializeState()) as { input: string | null }).input;
    expect(input([2 ** 16 + 5, -1])).to.equal(input([5, 2 ** 16 - 1]));
    expect(() => userFrom({ vec: [2 ** 16 + 5, -1], options: { bits: 16, modularInputs: false } })).to.throw(
      RangeError,
      'vec[0]:',
    );
  });

  it('are named if the vector comes later and is no array', () => {
    const user = userFrom({ vec: null, options: { vecLen: 2 } });
    for (const vec of [{}, 'ab', 5, null, undefined]) expect(() => user.setVector(vec as never)).to.throw(TypeError, 'vec:');
    user.setVector([1, 2]);
  });

  it('of the session cannot be given beside a state', () => {
    const state = new UserWrapper(0, 2, pk, sk, [1], others).serializeState();
    for (const name of ['threads', 'vecLen', 'adversary']) {
      expect(() => UserWrapper.fromState(state, { [name]: 1 })).to.throw(TypeError, `'${name}'`);
    }
    expect(UserWrapper.fromState(state).id).to.equal(0);
  });
});
