// What strangers and participants send to a coordinator that they should not send.
import { expect } from 'chai';
import fc from 'fast-check';
import { senderOf } from '../../src/coordinator/admission.ts';
import { Coordinator, MemoryCoordinatorStore, type RunKey } from '../../src/coordinator/index.ts';
import { fingerprint } from '../../src/crypto/digest.ts';
import { signerWith } from '../../src/crypto/sign.ts';
import { concat, u32, utf8 } from '../../src/leaves/bytes.ts';
import { DecodeError, genKeypair, SecAggError } from '../../src/index.ts';
import { checkInBytes } from '../../src/service/check-in.ts';
import { NOWHERE } from '../../src/service/exchange.ts';
import { keyDigest } from '../../src/service/keypair.ts';
import { encodeRequest, maxRequestBytes, requestDigest, type Request } from '../../src/service/request.ts';
import { readResponse, type Response } from '../../src/service/response.ts';
import { ServiceError, Task } from '../../src/service/index.ts';
import { rejected } from '../support/errors.ts';
import { authorities, certified, clockAt, taskOf, type Authorities, type Certified, type TestClock } from '../support/service.ts';

describe('a coordinator', () => {
  let parties: Authorities;
  let task: Task;
  let coordinator: Coordinator;
  let store: MemoryCoordinatorStore;
  let time: TestClock;
  let participant: Certified;
  let sequence = 0;

  beforeEach(async () => {
    parties = authorities();
    task = taskOf(parties);
    time = clockAt(0);
    store = new MemoryCoordinatorStore(() => time.now);
    coordinator = new Coordinator({ keypair: genKeypair(), tasks: [task], store, clock: () => parties.clock.now });
    await coordinator.setRevocationList(await parties.registrar.revocationList());
    const expires = new Date(parties.clock.now + 3_600_000);
    await coordinator.openRun(await parties.publisher.announce({ task, run: 1, expires }));
    participant = await certified(parties.registrar, 1);
    sequence = 0;
  });

  function requestOf(changes: Partial<Request>, of: Certified = participant): Request {
    const kind = changes.kind ?? 'check-in';
    const body = changes.body ?? (kind === 'check-in' ? checkInBytes({ clientVersion: 3, source: '' }) : new Uint8Array());
    return {
      kind,
      coordinator: keyDigest(coordinator.publicKey),
      task: task.digest,
      certificate: of.bytes,
      place: NOWHERE,
      token: new Uint8Array(),
      sequence: ++sequence,
      offset: 0,
      total: body.length,
      sha256: fingerprint(body),
      body,
      ...changes,
    };
  }

  async function ask(request: Request, of: Certified = participant): Promise<Response> {
    const answer = await coordinator.answer(await encodeRequest(request, signerWith(of.keypair[1])));
    const response = await readResponse(answer, { publicKey: coordinator.publicKey, request: requestDigest(request) });
    if (response === null) throw new Error('not signed');
    return response;
  }

  const tokenOf = async (of: Certified = participant): Promise<Uint8Array> =>
    (await ask(requestOf({ kind: 'hello' }, of), of)).token;
  const checkedIn = async (): Promise<number> => (await store.counts({ task: task.id, run: 1 })).checkedIn;

  it('gives the task and a token to whoever is certified', async () => {
    const response = await ask(requestOf({ kind: 'hello' }));
    expect(response.kind).to.equal('task');
    expect(Task.fromJSON(JSON.parse(new TextDecoder().decode(response.body))).id).to.equal(task.id);
    expect((await ask(requestOf({ token: response.token }))).kind).to.equal('wait');
    expect(await checkedIn()).to.equal(1);
  });

  it('takes a newer key of a participant during check-in, and nothing more from the old one', async () => {
    const said = async (kind: Request['kind'], of: Certified): Promise<Response> =>
      ask(
        requestOf(
          { kind, token: await tokenOf(of), place: kind === 'check-in' ? NOWHERE : { run: 1, attempt: 0, round: 0 } },
          of,
        ),
        of,
      );
    const renewed = await certified(parties.registrar, participant.certificate.id);
    await said('check-in', participant);
    expect(await said('check-in', renewed)).to.include({ kind: 'wait' });
    const known = await store.participant({ task: task.id, run: 1 }, participant.certificate.id);
    expect(known?.certificate.publicKey).to.deep.equal(renewed.certificate.publicKey);
    for (const kind of ['check-in', 'ready', 'next', 'leave'] as const) {
      expect(await said(kind, participant), kind).to.include({ kind: 'refused', code: 'ERR_SECAGG_RUN' });
    }
    expect(await checkedIn()).to.equal(1);
    expect(await said('leave', renewed)).to.include({ kind: 'accepted' });
    expect(await checkedIn()).to.equal(0);
  });

  it('gives a participant that has lost its key its own place back, although the run is full and takes nobody else', async () => {
    const most = task.definition.group.maxUsers;
    const people = [participant];
    for (let id = 2; id <= most; id++) people.push(await certified(parties.registrar, id));
    for (const person of people) await ask(requestOf({ token: await tokenOf(person) }, person), person);
    expect(await store.run({ task: task.id, run: 1 })).to.include({ stage: 'training' });
    const late = await certified(parties.registrar, 100);
    const renewed = await certified(parties.registrar, participant.certificate.id);
    const told = async (person: Certified): Promise<Response> => ask(requestOf({ token: await tokenOf(person) }, person), person);
    expect(await told(late)).to.include({ kind: 'wait' });
    expect(await told(renewed)).to.include({ kind: 'run' });
    expect(await told(participant), 'whoever has the old key').to.include({ kind: 'wait' });
    const place = { run: 1, attempt: 0, round: 0 };
    const ready = async (person: Certified): Promise<Response> =>
      ask(requestOf({ kind: 'ready', place, token: await tokenOf(person) }, person), person);
    expect(await ready(renewed)).to.include({ kind: 'wait' });
    expect(await ready(participant)).to.include({ kind: 'refused', code: 'ERR_SECAGG_RUN' });
    const again = await certified(parties.registrar, participant.certificate.id);
    expect(await told(again), 'it was ready').to.include({ kind: 'wait' });
    expect(await store.counts({ task: task.id, run: 1 })).to.deep.equal({ checkedIn: most, selected: most - 1, ready: 1 });
  });

  it('keeps nothing of a request that any bit was changed of, and says nothing', async () => {
    const token = await tokenOf();
    const bytes = await encodeRequest(requestOf({ token }), signerWith(participant.keypair[1]));
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8));
      const error: unknown = await coordinator.answer(changed).catch((reason: unknown) => reason);
      expect(error instanceof DecodeError || error instanceof ServiceError, `byte ${i}`).to.equal(true);
    }
    expect(await checkedIn()).to.equal(0);
  });

  it('keeps nothing of any other bytes', async () => {
    const bytes = await encodeRequest(requestOf({ token: await tokenOf() }), signerWith(participant.keypair[1]));
    const mutated = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.nat(bytes.length - 1).map((length) => bytes.slice(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 9 }).map((more) => Uint8Array.of(...bytes, ...more)),
    );
    await fc.assert(
      fc.asyncProperty(mutated, async (given) => {
        const error: unknown = await coordinator.answer(given).catch((reason: unknown) => reason);
        expect(error instanceof SecAggError).to.equal(true);
      }),
    );
    await rejected('ERR_SECAGG_DECODE', coordinator.answer(new Uint8Array(maxRequestBytes + 1)));
    expect(await checkedIn()).to.equal(0);
  });

  it('does not let participants come later because strangers send much', async () => {
    const token = await tokenOf();
    const heartbeat = store.heartbeat.bind(store);
    store.heartbeat = () => Promise.reject(new Error('the store was asked'));
    for (let each = 0; each < 2000; each++) await rejected('ERR_SECAGG_DECODE', coordinator.answer(Uint8Array.of(1, 2, 3)));
    store.heartbeat = heartbeat;
    const { wait } = await ask(requestOf({ token }));
    expect(wait.to - wait.from).to.equal(200);
  });

  it('does not answer who has no certificate of the registrar, of this scope, or signs with another key', async () => {
    const token = new Uint8Array();
    const other = authorities();
    const stranger = await certified(other.registrar, 1);
    const send = async (request: Request, secretKey: Uint8Array): Promise<unknown> =>
      coordinator.answer(await encodeRequest(request, signerWith(secretKey)));
    await rejected('ERR_SECAGG_CERTIFICATE', send(requestOf({ token }, stranger), stranger.keypair[1]));
    const forged = participant.bytes.slice();
    forged.set(stranger.keypair[0], 41);
    await rejected('ERR_SECAGG_CERTIFICATE', send(requestOf({ token, certificate: forged }), stranger.keypair[1]));
    await rejected('ERR_SECAGG_REQUEST', send(requestOf({ token }), stranger.keypair[1]));
    await rejected('ERR_SECAGG_REQUEST', send(requestOf({ token, coordinator: new Uint8Array(32) }), participant.keypair[1]));
    await rejected('ERR_SECAGG_TASK', send(requestOf({ token, task: new Uint8Array(32) }), participant.keypair[1]));
  });

  it('refuses, signed, a participant whose certificate has expired or was taken back', async () => {
    const token = await tokenOf();
    parties.registrar.revoke(1);
    await coordinator.setRevocationList(await parties.registrar.revocationList());
    const takenBack = await ask(requestOf({ token }));
    expect(takenBack).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_CERTIFICATE' });
    expect(takenBack.wait.from, 'it comes back when there may be another certificate').to.equal(60_000);
    const second = await certified(parties.registrar, 2);
    parties.clock.now += 8 * 86_400_000;
    expect(await ask(requestOf({ token }, second), second)).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_CERTIFICATE' });
    expect(await checkedIn()).to.equal(0);
  });

  it('refuses a request without a current token, and gives one', async () => {
    const refusedAt = await ask(requestOf({}));
    expect(refusedAt).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_TOKEN' });
    const second = await certified(parties.registrar, 2);
    expect(await ask(requestOf({ token: await tokenOf(second) })), 'somebody else’s').to.deep.include({
      code: 'ERR_SECAGG_TOKEN',
    });
    expect((await ask(requestOf({ token: refusedAt.token }))).kind).to.equal('wait');
  });

  it('makes no ghost of a recorded check-in, neither while its token is good nor later', async () => {
    const request = requestOf({ token: await tokenOf() });
    await ask(request);
    expect((await ask(request)).kind, 'the same again is answered again').to.equal('wait');
    await ask(requestOf({ kind: 'leave', place: { ...NOWHERE, run: 1 }, token: request.token }));
    expect(await checkedIn()).to.equal(0);
    expect(await ask(request)).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_SEQUENCE' });
    for (let minutes = 0; minutes < 21; minutes++) {
      for (let i = 0; i < 12; i++) await store.heartbeat().then(() => (time.now += 5000));
      await coordinator.tick();
    }
    expect(await ask(request)).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_TOKEN' });
    expect(await checkedIn()).to.equal(0);
  });

  it('removes nobody for a recorded leave', async () => {
    const token = await tokenOf();
    await ask(requestOf({ token }));
    const leave = requestOf({ kind: 'leave', place: { ...NOWHERE, run: 1 }, token });
    await ask(leave);
    await ask(requestOf({ token }));
    expect(await ask(leave)).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_SEQUENCE' });
    expect(await checkedIn()).to.equal(1);
  });

  it('remembers the newest request for a week, for a participant whose state is restored, and looks once in an epoch of ten minutes', async () => {
    let looks = 0;
    const forget = store.forgetRequests.bind(store);
    store.forgetRequests = (before) => (looks++, forget(before));
    await ask(requestOf({ token: await tokenOf() }));
    const noted = (): Promise<unknown> => store.lastRequest(task.id, senderOf(participant.certificate));
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 5) {
        time.now += 5000;
        await store.heartbeat();
      }
      await coordinator.tick();
    };
    await pass(7 * 86_400);
    expect(await noted()).not.to.equal(null);
    for (let hour = 0; hour < 24; hour++) await pass(3600);
    expect(await noted()).to.equal(null);
    looks = 0;
    for (let second = 0; second < 1200; second += 5) await pass(5);
    expect(looks).to.equal(2);
  });

  it('refuses a check-in whose data source is no name, and asks the store for none', async () => {
    const openRun = store.openRun.bind(store);
    const looked: string[] = [];
    store.openRun = (id, source) => (looked.push(source), openRun(id, source));
    const names = ['\0', 'a\0', 'a'.repeat(101), 'a'.repeat(1_000_000)].map(utf8);
    for (const source of [Uint8Array.of(0xff), ...names]) {
      const body = concat([u32(3), source]);
      const request = requestOf({ body, token: await tokenOf() });
      expect(await ask(request)).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_DECODE' });
    }
    expect(looked).to.deep.equal([]);
    expect(await checkedIn()).to.equal(0);
  });

  it('refuses a store, a host and the key of a run that are something else, by name', async () => {
    const options = { keypair: genKeypair(), tasks: [task] };
    for (const name of ['store', 'host']) {
      const pool = { query: () => null };
      expect(() => new Coordinator({ ...options, [name]: pool })).to.throw(TypeError, `options.${name}: expected an object with`);
    }
    for (const key of [1, { task, run: 1 }, { task: task.id }] as unknown as RunKey[]) {
      for (const ask of [coordinator.finished(key), coordinator.outcome(key), coordinator.abort(key)]) {
        expect(await ask.catch((error: unknown) => error)).to.be.instanceOf(TypeError);
      }
    }
  });

  it('refuses a number that was used for another request, and tells the highest', async () => {
    const token = await tokenOf();
    const first = requestOf({ token, sequence: 70 });
    await ask(first);
    const refusedAt = await ask(requestOf({ kind: 'leave', place: { ...NOWHERE, run: 1 }, token, sequence: 70 }));
    expect(refusedAt).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_SEQUENCE', sequence: 70 });
  });

  it('refuses what is about another run, or an attempt that is not', async () => {
    const token = await tokenOf();
    for (const kind of ['ready', 'next', 'outcome', 'leave'] as const) {
      expect(await ask(requestOf({ kind, token, place: { ...NOWHERE, run: 9 } }))).to.deep.include({ code: 'ERR_SECAGG_RUN' });
    }
    expect(
      await ask(requestOf({ kind: 'answer', token, place: { run: 1, attempt: 1, round: 0 }, body: Uint8Array.of(1) })),
    ).to.deep.include({
      code: 'ERR_SECAGG_RUN',
    });
    expect(await ask(requestOf({ kind: 'next', token, place: { ...NOWHERE, run: 1 } })), 'not in it').to.deep.include({
      code: 'ERR_SECAGG_RUN',
    });
  });

  it('refuses, signed, who checks in for a retired task, opens no run of it, and goes on with the one that is open', async () => {
    const key = { task: task.id, run: 1 };
    await ask(requestOf({ token: await tokenOf() }));
    const keypair = genKeypair();
    coordinator = new Coordinator({ keypair, tasks: [], retired: [task], store, clock: () => parties.clock.now });
    await coordinator.setRevocationList(await parties.registrar.revocationList());
    const second = await certified(parties.registrar, 2);
    const refused = await ask(requestOf({ token: await tokenOf(second) }, second), second);
    expect(refused).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_RETIRED' });
    expect(refused.wait.from, 'no sooner than in ten minutes').to.equal(600_000);
    expect(await checkedIn()).to.equal(1);
    const place = { ...NOWHERE, run: 1 };
    // Agents ask with a check-in until they are selected.
    expect((await ask(requestOf({ token: await tokenOf() }))).kind).to.equal('wait');
    expect((await ask(requestOf({ kind: 'next', place, token: await tokenOf() }))).kind).to.equal('wait');
    expect(await coordinator.outcome(key)).to.equal(null);
    const expires = new Date(parties.clock.now + 3_600_000);
    await rejected('ERR_SECAGG_RETIRED', coordinator.openRun(await parties.publisher.announce({ task, run: 2, expires })));
  });

  it('refuses, signed, who checks in with too old a version of the application, and goes on with those that are in a run', async () => {
    await ask(requestOf({ token: await tokenOf() }));
    const options = { keypair: genKeypair(), tasks: [task], store, clock: () => parties.clock.now };
    coordinator = new Coordinator({ ...options, minClientVersion: 4 });
    const second = await certified(parties.registrar, 2);
    const from = async (clientVersion: number): Promise<Response> =>
      ask(requestOf({ body: checkInBytes({ clientVersion, source: '' }), token: await tokenOf(second) }, second), second);
    const refused = await from(3);
    expect(refused).to.deep.include({ kind: 'refused', code: 'ERR_SECAGG_CLIENT_VERSION' });
    expect(refused.wait.from, 'no sooner than in ten minutes').to.equal(600_000);
    expect((await ask(requestOf({ token: await tokenOf() }))).kind, 'who is in the run').to.equal('wait');
    expect(await checkedIn()).to.equal(1);
    expect((await from(4)).kind).to.equal('wait');
    expect(await checkedIn()).to.equal(2);
    expect(() => new Coordinator({ ...options, minClientVersion: -1 })).to.throw(RangeError, 'options.minClientVersion');
  });

  it('lets nobody in beyond the most, and writes nothing for those', async () => {
    for (let id = 10; id < 20; id++) {
      const each = await certified(parties.registrar, id);
      const response = await ask(requestOf({ token: await tokenOf(each) }, each), each);
      expect(response.kind, String(id)).to.equal(id < 15 ? 'wait' : id === 15 ? 'run' : 'wait');
      if (id > 15) expect(await store.lastRequest(task.id, senderOf(each.certificate))).to.equal(null);
    }
    expect(await checkedIn()).to.equal(6);
  });
});
