// Messages that a server takes without standing still: the same as by `recv`, whatever happens while one is hashed.
import { expect } from 'chai';
import { ProtocolError, ServerWrapper, UsageError, type ServerEvent } from '../../src/index.ts';
import { rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { Session } from '../support/session.ts';

const IDS = [1, 2, 3];
const started = (round: number, vecLen = 3): Promise<Session> =>
  new Session({ ids: IDS, threshold: 2, vecLen }).before(round, [[], [], [3]]);

describe('ServerWrapper.recvAsync', () => {
  it('takes the messages of a session with vectors of several pieces, two at a time, and the sum is right', async () => {
    const vecLen = 2 ** 18 + 5;
    const session = new Session({ ids: IDS, threshold: 2, vecLen });
    for (let round = 0; round < 5; round++) {
      const answers = await session.answers(round === 2 ? [3] : []);
      const outcomes = await Promise.all([...answers].map(([id, answer]) => session.server.recvAsync(id, answer)));
      expect(new Set(outcomes)).to.deep.equal(new Set(['accepted']));
      const output = await session.close();
      if (round === 4) session.expectSum(Array.from(output.getVector() as Int32Array, BigInt), [1, 2]);
    }
  });

  for (const round of [0, 1, 2, 3, 4]) {
    it(`leaves the server in the state that recv leaves it in, in round ${round}`, async () => {
      const session = await started(round);
      const answers = await session.answers();
      const other = ServerWrapper.fromState(session.server.serializeState());
      for (const [id, answer] of answers) expect(await other.recvAsync(id, answer)).to.equal(session.server.recv(id, answer));
      expect(other.serializeState()).to.equal(session.server.serializeState());
      const [[id, answer]] = [...answers] as [[number, Uint8Array]];
      expect(await other.recvAsync(id, answer)).to.equal('repeated');
    });
  }

  it('a caller that writes over the bytes meanwhile changes nothing', async () => {
    const session = await started(2);
    const answer = (await session.answers()).get(1)!;
    const taken = session.server.recvAsync(1, answer);
    answer.fill(0);
    expect(await taken).to.equal('accepted');
  });

  it('of one message that comes twice at the same time, one is accepted and one repeated', async () => {
    const session = await started(2);
    const answer = (await session.answers()).get(1)!;
    const both = await Promise.all([session.server.recvAsync(1, answer), session.server.recvAsync(1, answer)]);
    expect(both.sort()).to.deep.equal(['accepted', 'repeated']);
  });

  it('a message that is hashed while the round is closed is late, and is not in the sum', async () => {
    const session = await started(2);
    const answers = await session.answers();
    for (const id of [1, 2]) session.server.recv(id, answers.get(id)!);
    const late = rejected('ERR_SECAGG_LATE', session.server.recvAsync(3, answers.get(3)!), ProtocolError);
    await session.close();
    await late;
    session.expectSum(await session.finish(), [1, 2]);
  });

  it('a forged message, one of a stranger and one that is no message are refused, told to the listener, and change nothing', async () => {
    const events: ServerEvent[] = [];
    const session = new Session({ ids: IDS, threshold: 2, serverOptions: { listener: (event) => void events.push(event) } });
    await session.before(2);
    const answer = (await session.answers()).get(1)!;
    const state = session.server.serializeState();
    events.length = 0;
    await rejected('ERR_SECAGG_SIGNATURE', session.server.recvAsync(1, flip(answer, answer.length - 1)));
    await rejected('ERR_SECAGG_UNKNOWN_USER', session.server.recvAsync(9, answer));
    await rejected('ERR_SECAGG_DECODE', session.server.recvAsync(1, Uint8Array.of(1)));
    expect(session.server.serializeState()).to.equal(state);
    expect(events.map((event) => [event.type, 'code' in event ? event.code : null])).to.deep.equal([
      ['message-refused', 'ERR_SECAGG_SIGNATURE'],
      ['message-refused', 'ERR_SECAGG_UNKNOWN_USER'],
      ['message-refused', 'ERR_SECAGG_DECODE'],
    ]);
  });

  it('a server that has failed takes nothing', async () => {
    const { server } = new Session({ ids: IDS, threshold: 2 });
    await rejected('ERR_SECAGG_THRESHOLD', server.round());
    await rejected('ERR_SECAGG_FAILED', server.recvAsync(1, Uint8Array.of(1)), UsageError);
  });
});
