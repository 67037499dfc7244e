// What a network does without malice: it repeats, reorders, delays and misroutes.
import { expect } from 'chai';
import { ProtocolError } from '../../src/index.ts';
import { refused, rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';

const IDS = [3, 1, 4, 15, 9];

describe('retransmission', () => {
  it('to the server: the same bytes again change nothing, in the same round and in every later one', async () => {
    const session = new Session({ ids: IDS, threshold: 4 });
    const sent: [number, Uint8Array][] = [];
    for (let round = 0; round <= 4; round++) {
      const answers = await session.answers();
      for (const [id, answer] of answers) {
        session.server.recv(id, answer);
        sent.push([id, answer]);
        const before = session.server.serializeState();
        for (const [again, bytes] of sent) session.server.recv(again, bytes);
        expect(session.server.serializeState()).to.equal(before);
      }
      await session.close();
      for (const [again, bytes] of sent) session.server.recv(again, bytes);
    }
    session.expectSum(Array.from(session.server.output()!.getVector() as Int32Array, BigInt), IDS);
  });

  it('to the server, in the name of another user: known bytes are no word of somebody else', async () => {
    const session = new Session({ ids: IDS, threshold: 4 });
    for (let round = 0; round <= 4; round++) {
      const answers = await session.answers();
      session.server.recv(3, answers.get(3)!);
      const before = session.server.serializeState();
      refused('ERR_SECAGG_SENDER', () => session.server.recv(15, answers.get(3)!), ProtocolError);
      expect(session.server.serializeState()).to.equal(before);
      session.deliver(answers);
      await session.close();
      refused('ERR_SECAGG_SENDER', () => session.server.recv(15, answers.get(3)!), ProtocolError);
    }
  });

  it('to a user: the last message again gives the same bytes, an older one is refused, and neither changes it', async () => {
    const session = new Session({ ids: IDS, threshold: 4 });
    const past: Uint8Array[] = [];
    for (let round = 0; round <= 4; round++) {
      const message = session.messages.get(15)!;
      const answers = await session.answers();
      const state = session.user(15).serializeState();
      expect(await session.user(15).round(message)).to.deep.equal(answers.get(15));
      for (const old of past) await rejected('ERR_SECAGG_ANSWERED', session.user(15).round(old));
      expect(session.user(15).serializeState()).to.equal(state);
      past.push(message);
      session.deliver(answers);
      await session.close();
    }
    session.expectSum(Array.from(session.server.output()!.getVector() as Int32Array, BigInt), IDS);
  });

  it('to a user while it is answering: one answer for both', async () => {
    const session = await new Session({ ids: IDS, threshold: 4 }).before(1);
    const user = session.user(9);
    const message = session.messages.get(9)!;
    const [one, two] = await Promise.all([user.round(message), user.round(Uint8Array.from(message))]);
    expect(one).to.deep.equal(two);
    expect(one).not.to.equal(two);
    expect(user.progress().revision).to.equal(2);
  });

  it('to a user, whose caller has overwritten every answer so far, gives the same bytes still', async () => {
    const session = await new Session({ ids: IDS, threshold: 4 }).before(1);
    const user = session.user(9);
    const message = session.messages.get(9)!;
    const answers = await Promise.all([user.round(message), user.round(message)]);
    answers.push(await user.round(message), await user.round(message));
    const expected = Uint8Array.from(answers[0]);
    for (const answer of answers) {
      expect(answer).to.deep.equal(expected);
      answer.fill(0);
    }
    expect(await user.round(message)).to.deep.equal(expected);
  });

  it('of a masked input counts once', async () => {
    const session = await new Session({ ids: IDS, threshold: 4 }).before(2);
    const answers = await session.answers();
    for (let i = 0; i < 3; i++) session.deliver(answers);
    await session.close();
    session.expectSum(await session.finish(), IDS);
  });
});

describe('order and delay', () => {
  it('within a round the order of arrival does not matter', async () => {
    const session = new Session({ ids: IDS, threshold: 4 });
    for (let round = 0; round <= 4; round++) {
      const answers = [...(await session.answers())];
      session.deliver(new Map(round % 2 === 0 ? answers.reverse() : [...answers.slice(3), ...answers.slice(0, 3)]));
      await session.close();
    }
    session.expectSum(Array.from(session.server.output()!.getVector() as Int32Array, BigInt), IDS);
  });

  it('a word for a later round is refused: early', async () => {
    for (let round = 1; round <= 4; round++) {
      const ahead = await new Session({ ids: IDS, threshold: 4 }).before(round);
      const session = new Session({ ids: IDS, threshold: 4, registered: ahead.registered });
      const early = (await ahead.answers()).get(3)!;
      const before = session.server.serializeState();
      refused('ERR_SECAGG_EARLY', () => session.server.recv(3, early), ProtocolError);
      expect(session.server.serializeState()).to.equal(before);
    }
  });

  it('a word for a round that is over is refused: late, in every round', async () => {
    for (let round = 0; round <= 4; round++) {
      const session = await new Session({ ids: IDS, threshold: 4 }).before(round);
      const answers = await session.answers();
      const late = answers.get(4)!;
      answers.delete(4);
      session.deliver(answers);
      await session.close();
      session.messages.delete(4);
      const before = session.server.serializeState();
      const error = refused('ERR_SECAGG_LATE', () => session.server.recv(4, late), ProtocolError);
      expect(error.round).to.equal(round);
      expect(session.server.serializeState()).to.equal(before);
    }
  });

  it('a masked input after the survivors are known is discarded: its pairwise masks are being revealed', async () => {
    const session = await new Session({ ids: IDS, threshold: 4 }).before(2);
    const answers = await session.answers();
    const late = answers.get(4)!;
    answers.delete(4);
    session.deliver(answers);
    await session.close();
    refused('ERR_SECAGG_LATE', () => session.server.recv(4, late));
    await session.round();
    refused('ERR_SECAGG_LATE', () => session.server.recv(4, late));
    session.deliver(await session.answers());
    refused('ERR_SECAGG_LATE', () => session.server.recv(4, late));
    await session.close();
    refused('ERR_SECAGG_LATE', () => session.server.recv(4, late));
    const survivors = IDS.filter((id) => id !== 4);
    session.expectSum(Array.from(session.server.output()!.getVector() as Int32Array, BigInt), survivors);
  });

  it('a word that arrives while the round is being closed is late; one that is known is not', async () => {
    const session = await new Session({ ids: IDS, threshold: 4 }).before(4);
    const answers = await session.answers();
    const late = answers.get(4)!;
    answers.delete(4);
    session.deliver(answers);
    const closing = session.close();
    refused('ERR_SECAGG_LATE', () => session.server.recv(4, late));
    session.server.recv(3, answers.get(3)!);
    await rejected('ERR_SECAGG_BUSY', session.server.round());
    refused('ERR_SECAGG_BUSY', () => session.server.recoverState(session.server.serializeState()));
    await closing;
    session.expectSum(Array.from(session.server.output()!.getVector() as Int32Array, BigInt), IDS);
    expect(session.server.progress().dropped).to.deep.equal([{ userId: 4, round: 4, reason: 'no-answer' }]);
  });

  it('a state saved while a round is being closed is that before it', async () => {
    const session = await new Session({ ids: IDS, threshold: 4 }).before(4);
    session.deliver(await session.answers());
    const before = session.server.serializeState();
    const closing = session.close();
    expect(session.server.serializeState()).to.equal(before);
    await closing;
    expect(session.server.serializeState()).not.to.equal(before);
  });

  it('a state saved at any moment while masks are being removed is that before it or that after it', async () => {
    const session = await new Session({ ids: IDS, threshold: 4 }).before(4, [[], [], [4]]);
    session.deliver(await session.answers());
    const saved = new Set([session.server.serializeState()]);
    const progress = { closed: false };
    const closing = session.close().finally(() => (progress.closed = true));
    for (let i = 1; !progress.closed; i++) {
      // After every step of the promises, and now and then after what the engine does elsewhere.
      await (i % 50 === 0 ? new Promise(setImmediate) : Promise.resolve());
      saved.add(session.server.serializeState());
    }
    await closing;
    expect(saved.size).to.equal(2);
    expect([...saved][1]).to.equal(session.server.serializeState());
  });

  it('another message to a user that is answering is refused, and changes nothing', async () => {
    const session = await new Session({ ids: IDS, threshold: 4 }).before(1);
    const user = session.user(9);
    const answering = user.round(session.messages.get(9)!);
    await rejected('ERR_SECAGG_BUSY', user.round(new Uint8Array(5)));
    refused('ERR_SECAGG_BUSY', () => user.recoverState(user.serializeState()));
    await answering;
    expect(user.progress().round).to.equal(2);
    session.expectSum(await session.finish(), IDS);
  });

  it('bytes that change hands are copied: what the caller does to them later does not matter', async () => {
    const session = new Session({ ids: IDS, threshold: 4 });
    for (let round = 0; round <= 4; round++) {
      const answers = new Map<number, Uint8Array>();
      for (const [id, message] of session.messages) {
        const given = Buffer.from(message);
        const answering = session.user(id).round(given);
        given.fill(0);
        const answer = await answering;
        answers.set(id, Uint8Array.from(answer));
        answer.fill(0);
      }
      for (const [id, answer] of answers) {
        const given = Buffer.from(answer);
        session.server.recv(id, given);
        given.fill(0);
      }
      await session.close();
    }
    const vector = session.server.output()!.getVector() as Int32Array;
    session.expectSum(Array.from(vector, BigInt), IDS);
    vector.fill(0);
    session.expectSum(Array.from(session.server.output()!.getVector() as Int32Array, BigInt), IDS);
  });
});
