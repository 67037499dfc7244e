// What a server's round gives: messages or the sum, told apart by `kind`.
import { expect } from 'chai';
import { ServerOutputWrapper, ServerWrapper, UsageError, type MessagesOutput, type ServerOutput } from '../../src/index.ts';
import { SumOutput } from '../../src/server/output.ts';
import { refused, rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';

describe('the output of a round', () => {
  it('is messages or the sum, and refuses to give the other', async () => {
    const session = new Session({ threshold: 3 });
    expect(session.server.output()).to.equal(null);
    const first = await session.round();
    expect([first.kind, first.isMessages(), first.isVector()]).to.deep.equal(['messages', true, false]);
    refused('ERR_SECAGG_USAGE', () => first.getVector(), UsageError);
    first.getMessages().clear();
    expect(first.getMessages().size).to.equal(4);
    for (let round = 1; round < 4; round++) expect((await session.round()).kind).to.equal('messages');
    const last = await session.round();
    expect([last.kind, last.isMessages(), last.isVector()]).to.deep.equal(['sum', false, true]);
    for (const ask of [() => last.getMessages(), () => last.getMessage(1), () => last.recipients()]) {
      refused('ERR_SECAGG_USAGE', ask, UsageError);
    }
    expect([first, last].every((output) => output instanceof ServerOutputWrapper)).to.equal(true);
    (last.getVector() as Int32Array).fill(0);
    expect(last.getVector()).to.deep.equal(Int32Array.of(15, 15, 15));
    await rejected('ERR_SECAGG_USAGE', session.server.round());
    expect(session.server.output()!.getVector()).to.deep.equal(last.getVector());
  });

  it('is narrowed by its kind: TypeScript knows which of both it is', async () => {
    const session = new Session({ threshold: 3 });
    // The assignments compile only if the type follows from `kind`.
    const told = (output: ServerOutput): string => {
      switch (output.kind) {
        case 'messages': {
          const messages: MessagesOutput = output;
          return `messages for ${messages.recipients().join()}`;
        }
        case 'sum': {
          const sum: SumOutput = output;
          return `a sum of ${sum.getVector().length}`;
        }
      }
    };
    for (let round = 0; round <= 4; round++) {
      session.deliver(await session.answers());
      expect(told(await session.server.round())).to.equal(round < 4 ? 'messages for 0,1,2,3' : 'a sum of 3');
      const output = session.server.output()!;
      expect(told(output)).to.equal(round < 4 ? 'messages for 0,1,2,3' : 'a sum of 3');
      if (output.kind === 'messages') session.messages = output.getMessages();
    }
  });
});

describe('the messages of an output', () => {
  it('are the same one by one as all together, in each round, and also after recovery', async () => {
    const session = new Session({ ids: [3, 5, 7, 900], threshold: 3 });
    for (let round = 0; round < 4; round++) {
      const output = await session.round(round === 1 ? [5] : []);
      const all = output.getMessages();
      expect(output.recipients()).to.deep.equal([...all.keys()]);
      for (const from of [output, session.server.output()!, ServerWrapper.fromState(session.server.serializeState()).output()!]) {
        for (const [id, message] of all) expect(from.getMessage(id)).to.deep.equal(message);
        for (const id of round === 0 ? [4, 901] : [4, 5, 901]) expect(from.getMessage(id)).to.equal(null);
      }
    }
  });

  it('are made anew for whoever asks, so that what it does to one reaches nobody else', async () => {
    const session = await new Session({ threshold: 3 }).before(2);
    const output = session.server.output()!;
    const [one, again] = [output.getMessage(1)!, output.getMessage(1)!];
    expect(again).to.deep.equal(one);
    one.fill(0);
    expect(output.getMessage(1)).to.deep.equal(again);
    expect(output.getMessages().get(1)).to.deep.equal(again);
  });

  it('are asked for by a user id: anything else is named', async () => {
    const output = await new Session({ threshold: 3 }).round();
    expect(() => output.getMessage(-1)).to.throw(RangeError, 'id:');
    expect(() => output.getMessage('1' as never)).to.throw(TypeError, 'id:');
    const sum = new SumOutput(Int32Array.of(1));
    expect(() => sum.getMessage(-1)).to.throw(RangeError, 'id:');
    expect(() => sum.getMessage('1' as never)).to.throw(TypeError, 'id:');
  });
});
