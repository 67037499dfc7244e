// While one batch of long masked inputs is written, the next one is judged and added to another sum.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresSessions, type StoreEvent } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { StandInSessions, type Message, type Playing } from './stand-in-sessions.ts';
import { overheard } from './support.ts';

/** Masked inputs of 32 KiB, of which 25 are enough for a batch. */
const SETUP = { users: 52, threshold: 35, vecLen: 8_192 };

/** Ends a wait of the process, with an error if one is given. */
type Release = (error?: Error) => void;

describe('two batches of long masked inputs at a time', function () {
  this.timeout(60_000);
  let standIns: StandInSessions;
  let process: PostgresSessions;
  const events: StoreEvent[] = [];
  before(async () => {
    standIns = await StandInSessions.start();
  });
  after(() => standIns.end());

  /** A session in round 2, and a process that has heard its first user and now waits when it writes the first sum of 25 others. */
  async function whileWritten(
    work: (at: {
      readonly playing: Playing;
      readonly heard: Promise<string>[];
      /** The inputs that the process waits for, and the others. */
      readonly held: readonly Message[];
      readonly rest: readonly Message[];
      readonly release: Release;
      /** Lets the process wait when it writes the next sum. */
      readonly hold: () => Promise<Release>;
    }) => Promise<void>,
  ): Promise<void> {
    const playing = await standIns.playedTo(2, SETUP);
    const [first, ...others] = (await standIns.answers(playing, 2)) as [Message, ...Message[]];
    let told: ((release: Release) => void) | null = null;
    const hold = (): Promise<Release> => new Promise((resolve) => (told = resolve));
    const pool = overheard(standIns.database.pool, async (text) => {
      const tell = told;
      if (tell === null || !/insert into \S+( \S+)?\.parts/.test(text)) return;
      told = null;
      await new Promise<void>((resolve, reject) => tell((error) => (error === undefined ? resolve() : reject(error))));
    });
    const listener = (event: StoreEvent): unknown => events.push(event);
    process = new PostgresSessions(pool, { schema: standIns.database.schema, listener });
    await process.recv(...first);
    const isHeld = hold();
    const held = others.slice(0, 25);
    const heard = held.map((message) => process.recv(...message));
    const release = await isHeld;
    await work({ playing, heard, held, rest: others.slice(25), release, hold });
  }
  async function finish(playing: Playing): Promise<void> {
    await standIns.close(playing, 3);
    await standIns.close(playing, 4);
    await standIns.expectSum(playing);
  }

  it('are told of in their round, although the other one fails meanwhile', async () => {
    await whileWritten(async ({ heard, rest, release, hold }) => {
      events.length = 0;
      const isOtherHeld = hold();
      const others = rest.map((message) => process.recv(...message));
      const failed = Promise.all(heard.map((call) => rejected('ERR_SECAGG_STORE', call)));
      const releaseOther = await isOtherHeld;
      release(new Error('the connection breaks'));
      await failed;
      releaseOther();
      await Promise.all(others);
      const told = events.filter((event) => event.type === 'messages-heard');
      expect(told.map(({ round, accepted }) => ({ round, accepted }))).to.deep.equal([{ round: 2, accepted: rest.length }]);
    });
  });

  it('are acknowledged each when it is durable, and a closing waits for both', async () => {
    await whileWritten(async ({ playing, heard, rest, release }) => {
      expect(await Promise.all(rest.map((message) => process.recv(...message)))).to.deep.equal(rest.map(() => 'accepted'));
      const closed = process.round(playing.id, 2);
      expect(await Promise.race([closed, ...heard, sleep(300, 'nothing')])).to.equal('nothing');
      release();
      expect(await Promise.all(heard)).to.deep.equal(heard.map(() => 'accepted'));
      const output = await closed;
      expect(output.kind === 'messages' && output.recipients).to.have.length(SETUP.users);
      await finish(playing);
    });
  });

  it('have an input once that is in both of them', async () => {
    await whileWritten(async ({ playing, heard, held, rest, release }) => {
      const all = [...rest, held[0]!].map((message) => process.recv(...message));
      await sleep(100);
      release();
      expect(await Promise.all(heard)).to.deep.equal(heard.map(() => 'accepted'));
      expect(await Promise.all(all)).to.deep.equal([...rest.map(() => 'accepted'), 'repeated']);
      await process.round(playing.id, 2);
      await finish(playing);
    });
  });

  it('give the exact sum although one of them fails, once its messages are sent again', async () => {
    await whileWritten(async ({ playing, heard, held, rest, release }) => {
      const others = rest.map((message) => process.recv(...message));
      await sleep(100);
      release(new Error('the connection breaks'));
      await Promise.all(heard.map((call) => rejected('ERR_SECAGG_STORE', call)));
      expect(await Promise.all(others)).to.deep.equal(rest.map(() => 'accepted'));
      const outcomes = await Promise.all([...held, ...rest].map((message) => process.recv(...message)));
      expect(outcomes.filter((outcome) => outcome === 'accepted')).to.have.length(25);
      await process.round(playing.id, 2);
      await finish(playing);
    });
  });
});
