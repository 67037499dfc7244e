// A user in a worker, with the worker's module in this process. test/browser has real workers.
import { expect } from 'chai';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from '../../src/index.ts';
import { bindToSession } from '../../src/session/noised-vectors.ts';
import { UserWorker, type UserWorkerOptions } from '../../src/worker/index.ts';
import { rejected } from '../support/errors.ts';
import { InProcessWorker } from './in-process-worker.ts';

const keys = [1, 2, 3].map((id) => [id, genKeypair()] as const);
const publicKeys = new PublicKeysWrapper(keys.map(([id, [pk]]) => [id, pk]));
const [, [signPk, signSk]] = keys[0]!;
const session = 'a worker';

function create(vec: ArrayLike<number> | null, options: UserWorkerOptions = {}): Promise<UserWorker> {
  return UserWorker.create(1, 2, signPk, signSk, vec, publicKeys, { session, worker: () => new InProcessWorker(), ...options });
}

/** A copy of user 1 as it was made. */
const wrapper = (): UserWrapper => new UserWrapper(1, 2, signPk, signSk, [5, -7], publicKeys, { session });

describe('a user in a worker', () => {
  it('goes through a session as a UserWrapper does, and tells its listener', async () => {
    const heard: string[] = [];
    const user = await create(Int32Array.of(5, -7), { listener: ({ type }) => heard.push(type) });
    const server = new ServerWrapper(2, 2, { session, publicKeys });
    const others = keys.slice(1).map(([id, [pk, sk]]) => new UserWrapper(id, 2, pk, sk, [id, id], publicKeys, { session }));
    let messages = new Map([1, 2, 3].map((id) => [id, round0Msg()]));
    for (let round = 0; round < 5; round++) {
      for (const each of [user, ...others]) server.recv(each.id, await each.round(messages.get(each.id)!));
      const output = await server.round();
      if (output.isMessages()) messages = output.getMessages();
      else expect([...output.getVector()]).to.deep.equal([10, -2]);
    }
    expect((await user.progress()).round).to.equal(5);
    expect(heard).to.deep.equal(Array.from({ length: 5 }, () => 'round-answered'));
    await user.terminate();
  });

  it('is made from a state, and from a descriptor, and becomes another by recoverState', async () => {
    const own = wrapper();
    const answer = await own.round(round0Msg());
    const worker = (): InProcessWorker => new InProcessWorker();
    const user = await UserWorker.fromState(own.serializeState(), { worker });
    expect(await user.round(round0Msg())).to.deep.equal(answer);
    expect(await user.serializeState()).to.equal(own.serializeState());
    await rejected('ERR_SECAGG_STATE_ROLE', UserWorker.fromState('{}', { worker }));
    const descriptor = new ServerWrapper(2, 2, { session, publicKeys }).describe();
    const described = await UserWorker.fromDescriptor(descriptor, {
      id: 1,
      signPk,
      signSk,
      vec: [5, -7],
      othersSignPks: publicKeys,
      worker,
    });
    expect(described.id).to.equal(1);
    await rejected('ERR_SECAGG_USAGE', described.setVector([5, -7]));
    const [, [pk, sk]] = keys[1]!;
    await described.recoverState(new UserWrapper(2, 2, pk, sk, [0, 0], publicKeys).serializeState());
    expect(described.id).to.equal(2);
  });

  it('takes its public keys later, once, and answers round 1 with them only', async () => {
    const worker = (): InProcessWorker => new InProcessWorker();
    const user = await UserWorker.create(1, 2, signPk, signSk, [5, -7], null, { session, maxUsers: 3, worker });
    const server = new ServerWrapper(2, 2, { session, publicKeys });
    const others = keys.slice(1).map(([id, [pk, sk]]) => new UserWrapper(id, 2, pk, sk, [id, id], publicKeys, { session }));
    for (const each of [user, ...others]) server.recv(each.id, await each.round(round0Msg()));
    const directory = (await server.round()).getMessages().get(1)!;
    await rejected('ERR_SECAGG_NO_PUBLIC_KEYS', user.round(directory));
    expect(await user.progress()).to.include({ round: 1, needsPublicKeys: true });
    expect(await user.setPublicKeys([] as never).catch((error: unknown) => error)).to.be.instanceOf(TypeError);
    expect(await user.setPublicKeys(null as never).catch((error: unknown) => error)).to.be.instanceOf(TypeError);
    await user.setPublicKeys(publicKeys);
    const exchanged = new PublicKeysWrapper([...keys.slice(0, 2).map(([id, [pk]]) => [id, pk] as const), [3, genKeypair()[0]]]);
    await rejected('ERR_SECAGG_KEY_CONFLICT', user.setPublicKeys(exchanged));
    expect((await user.round(directory)).length).to.be.above(0);
    await rejected('ERR_SECAGG_USAGE', user.setPublicKeys(publicKeys));
    await user.terminate();
    const own = { id: 1, signPk, signSk, vec: [5, -7], othersSignPks: null, maxUsers: 3, worker };
    const described = await UserWorker.fromDescriptor(new ServerWrapper(2, 2, { session, publicKeys }).describe(), own);
    await rejected('ERR_SECAGG_KEY_CONFLICT', described.setPublicKeys(exchanged));
    await described.setPublicKeys(publicKeys);
    expect((await described.progress()).needsPublicKeys).to.equal(false);
  });

  it('takes one vector, of the right length', async () => {
    const user = await create(null, { vecLen: 2 });
    await user.setVector(null as never).catch((error: unknown) => expect(error).to.be.instanceOf(TypeError));
    const wrong = await user.setVector([1, 2], { transfer: 'yes' as never }).catch((error: unknown) => error);
    expect(wrong).to.be.instanceOf(TypeError);
    await user.setVector([1, 2, 3]).catch((error: unknown) => expect(error).to.be.instanceOf(RangeError));
    await user.setVector([1, 2]);
    await rejected('ERR_SECAGG_USAGE', user.setVector([1, 2]));
  });

  it('does not take a vector with noise that another user has taken, although the worker has a copy', async () => {
    const vec = Int32Array.of(5, -7);
    bindToSession(vec, session);
    await create(vec);
    await rejected('ERR_SECAGG_VECTOR_USED', create(vec));
    const elsewhere = Int32Array.of(5, -7);
    bindToSession(elsewhere, 'another session');
    await rejected('ERR_SECAGG_VECTOR_USED', create(elsewhere));
  });

  it('keeps a vector in the memory that came by the message', async () => {
    let worker: InProcessWorker | undefined;
    const user = await create(null, { vecLen: 2, bits: 32, worker: () => (worker = new InProcessWorker()) });
    await user.setVector(Int32Array.of(5, -7));
    expect((worker!.sent.at(-1) as { readonly given: Int32Array }).given.length).to.equal(0);
    await rejected('ERR_SECAGG_USAGE', user.setVector(Int32Array.of(5, -7)));
    expect((worker!.sent.at(-1) as { readonly given: Int32Array }).given).to.deep.equal(new Int32Array(2));
    await user.terminate();
  });

  it('is wiped in the worker when it is terminated, and calls that wait and later ones are refused', async () => {
    let worker: InProcessWorker | undefined;
    const user = await create([5, -7], { worker: () => (worker = new InProcessWorker()) });
    const waiting = user.serializeState().then(
      () => 'answered',
      () => 'refused',
    );
    await user.terminate();
    expect(worker!.isTerminated).to.equal(true);
    expect(worker!.sent.at(-1)).to.include({ name: 'abandon' });
    expect(await waiting).to.equal('answered');
    await rejected('ERR_SECAGG_WORKER', user.round(round0Msg()));
    await user.terminate();
  });

  it('hears why its worker has ended', async () => {
    let worker: InProcessWorker | undefined;
    for (const [type, message] of [
      ['error', 'out of memory'],
      ['error', ''],
      ['messageerror', ''],
    ] as const) {
      const user = await create([5, -7], { worker: () => (worker = new InProcessWorker()) });
      const waiting = user.round(round0Msg());
      worker!.say(type, { data: null, message });
      await rejected('ERR_SECAGG_WORKER', waiting);
      expect(worker!.isTerminated).to.equal(true);
    }
  });

  it('sends no secret to a worker that does not greet as one of this package', async () => {
    for (const greeting of ['hello', 7, null]) {
      let worker: InProcessWorker | undefined;
      await rejected('ERR_SECAGG_WORKER', create([5, -7], { worker: () => (worker = new InProcessWorker(greeting)) }));
      expect(worker!.sent).to.deep.equal([]);
    }
  });

  it('is called off with the reason of a signal, and the same message is then answered', async () => {
    const user = await create([5, -7]);
    const reason = new Error('no time');
    const controller = new AbortController();
    const waiting = user.round(round0Msg(), { signal: controller.signal }).catch((error: unknown) => error);
    controller.abort(reason);
    expect(await waiting).to.equal(reason);
    expect(await user.round(round0Msg(), { signal: controller.signal }).catch((error: unknown) => error)).to.equal(reason);
    expect((await user.round(round0Msg())).length).to.be.greaterThan(0);
  });

  it('is not started where there are no workers, nor with arguments that cannot be sent', async () => {
    const args = [1, 2, signPk, signSk, null, publicKeys] as const;
    await rejected('ERR_SECAGG_WORKER', UserWorker.create(...args, { vecLen: 2 })); // Node has no Worker of the web
    for (const wrong of [{ worker: 7 as never }, { vecLen: (() => 2) as never }, { listener: 7 as never }]) {
      const error: unknown = await create(null, { vecLen: 2, ...wrong }).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(TypeError);
    }
    const noKeys = UserWorker.create(1, 2, signPk, signSk, null, new Map() as never, { vecLen: 2 });
    expect(await noKeys.catch((error: unknown) => error)).to.be.instanceOf(TypeError);
  });
});
