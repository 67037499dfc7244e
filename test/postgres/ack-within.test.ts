// Long messages wait for each other, so that they share a write. How long, the option ackWithin says.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { SecAggError } from '../../src/index.ts';
import { PostgresSessions, type PostgresSessionsOptions } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { StandInSessions, type Message, type Playing } from './stand-in-sessions.ts';
import { overheard, type TestDatabase } from './support.ts';

/** Masked inputs of 32 KiB. */
const SETUP = { users: 6, threshold: 4, vecLen: 8_192 };
/** Longer than any test takes. */
const LONG = 30_000;

describe('long messages that wait for others in PostgreSQL', function () {
  this.timeout(60_000);
  let standIns: StandInSessions;
  let sessions: PostgresSessions;
  let database: TestDatabase;
  before(async () => {
    standIns = await StandInSessions.start();
    ({ sessions, database } = standIns);
  });
  after(() => standIns.end());

  /** A process that counts how often it writes a partial sum. */
  function counted(options: PostgresSessionsOptions): { readonly process: PostgresSessions; readonly writes: () => number } {
    let writes = 0;
    const pool = overheard(database.pool, (text) => void (writes += Number(/insert into \S+( \S+)?\.parts/.test(text))));
    return { process: new PostgresSessions(pool, { schema: database.schema, ...options }), writes: () => writes };
  }

  /** A session in round 2, and the inputs of its users. */
  async function inRound2(): Promise<readonly [Playing, Message[]]> {
    const playing = await standIns.create(SETUP);
    await standIns.close(playing, 0);
    await standIns.close(playing, 1);
    return [playing, await standIns.answers(playing, 2)];
  }

  /** Hears some messages one after the other, as they trickle in. */
  async function trickle(process: PostgresSessions, messages: readonly Message[]): Promise<Promise<string>[]> {
    const heard: Promise<string>[] = [];
    for (const message of messages) {
      heard.push(process.recv(...message));
      await sleep(20); // ten times as long as messages of this length wait by default
    }
    return heard;
  }

  async function finish(playing: Playing): Promise<void> {
    await standIns.close(playing, 3);
    await standIns.close(playing, 4);
    await standIns.expectSum(playing);
  }

  it('each message that trickles in is a write of its own, unless it may wait longer', async () => {
    for (const mayWait of [false, true]) {
      const [playing, inputs] = await inRound2();
      const { process, writes } = counted(mayWait ? { ackWithin: 2_000 } : {});
      if (mayWait) await Promise.all(await trickle(process, inputs));
      else for (const input of inputs) await process.recv(...input);
      expect(writes()).to.equal(mayWait ? 1 : SETUP.users);
      await sessions.round(playing.id, 2);
      await finish(playing);
    }
  });

  it('nobody is acknowledged before the message is durable, and all are once the time is over', async () => {
    const [playing, inputs] = await inRound2();
    const { process } = counted({ ackWithin: 700 });
    const started = performance.now();
    const heard = await trickle(process, inputs);
    expect(await Promise.race([...heard, sleep(50, 'nobody')])).to.equal('nobody');
    expect((await sessions.progress(playing.id)).heard).to.deep.equal([]);
    await heard[0];
    expect(performance.now() - started).to.be.within(690, 10_000);
    expect(await Promise.all(heard)).to.deep.equal(inputs.map(() => 'accepted'));
    expect((await sessions.progress(playing.id)).heard).to.have.length(SETUP.users);
  });

  it('a closing in the same process has the waiting messages written at once, and the sum is exact', async () => {
    const [playing, inputs] = await inRound2();
    const { process, writes } = counted({ ackWithin: LONG });
    const heard = await trickle(process, inputs);
    expect(writes()).to.equal(0);
    const closed = await process.round(playing.id, 2);
    expect(closed.kind === 'messages' && closed.recipients).to.have.length(SETUP.users);
    expect(new Set(await Promise.all(heard))).to.deep.equal(new Set(['accepted']));
    expect(writes()).to.equal(1);
    await finish(playing);
  });

  it('enough messages are written although they may wait longer', async () => {
    const playing = await standIns.create({ ...SETUP, users: 25, threshold: 17 });
    await standIns.close(playing, 0);
    await standIns.close(playing, 1);
    const { process, writes } = counted({ ackWithin: LONG });
    const started = performance.now();
    await Promise.all((await standIns.answers(playing, 2)).map((message) => process.recv(...message)));
    expect(performance.now() - started).to.be.below(LONG / 2);
    expect(writes()).to.equal(1);
    await sessions.round(playing.id, 2);
    await finish(playing);
  });

  it('a session that is aborted or removed refuses the messages that wait, at once', async () => {
    for (const [end, code] of [['abort', 'ERR_SECAGG_ABORTED'] as const, ['remove', 'ERR_SECAGG_UNKNOWN_SESSION'] as const]) {
      const [playing, inputs] = await inRound2();
      const { process, writes } = counted({ ackWithin: LONG });
      const refused = inputs.map((message) => rejected(code, process.recv(...message), SecAggError));
      await sleep(50);
      await process[end](playing.id, 'the model was withdrawn');
      await Promise.all(refused);
      expect(writes()).to.equal(0);
    }
  });

  it('a message that waits while another process closes the round is late', async () => {
    const [playing, inputs] = await inRound2();
    const { process } = counted({ ackWithin: 1_000 });
    const [late, ...others] = inputs as [Message, ...Message[]];
    const refused = rejected('ERR_SECAGG_LATE', process.recv(...late), SecAggError);
    for (const message of others) await sessions.recv(...message);
    await sessions.round(playing.id, 2);
    await refused;
  });

  it('short messages do not wait', async () => {
    const playing = await standIns.create({ ...SETUP, vecLen: 4 });
    const { process } = counted({ ackWithin: LONG });
    for (const round of [0, 1, 2, 3, 4] as const) {
      for (const message of await standIns.answers(playing, round)) await process.recv(...message);
      await process.round(playing.id, round);
    }
    await standIns.expectSum(playing);
  });

  it('memory that its owner overwrites once the message was judged changes nothing of what is written', async () => {
    const playing = await standIns.create({ ...SETUP, vecLen: 4 });
    for (const round of [0, 1, 2, 3, 4] as const) {
      const messages = await standIns.answers(playing, round);
      const overwrite = (): void => messages.forEach(([, , bytes]) => bytes.fill(0));
      const pool = overheard(database.pool, (text) => {
        if (text.includes('skip locked')) overwrite();
      });
      const process = new PostgresSessions(pool, { schema: database.schema });
      expect(new Set(await Promise.all(messages.map((message) => process.recv(...message))))).to.deep.equal(
        new Set(['accepted']),
      );
      expect(messages[0]![2].every((byte) => byte === 0)).to.equal(true);
      await sessions.round(playing.id, round);
    }
    await standIns.expectSum(playing);
  });
});
