// Messages of PET in PostgreSQL: several processes hear them, each counts once, and what was accepted survives whatever is killed.
import { expect } from 'chai';
import { systemRandom } from '../../src/crypto/random.ts';
import { StoreError } from '../../src/leaves/errors.ts';
import { maskModel, PetParticipant, type PetClient, type PetError, type PetRounds } from '../../src/pet/index.ts';
import type { Tag } from '../../src/pet/wire/message.ts';
import type { PostgresPetCoordinator } from '../../src/postgres/index.ts';
import { seedsFor, updateOf } from '../pet/forged-messages.ts';
import { meanOf, memberOf, ONE, run, type Member } from '../pet/worlds.ts';
import { rejected } from '../support/errors.ts';
import { balanced, PetNetworks } from './pet-networks.ts';
import { overheard } from './support.ts';

describe('messages of PET in PostgreSQL', function () {
  this.timeout(120_000);
  let networks: PetNetworks;
  before(async () => {
    networks = await PetNetworks.start();
  });
  after(() => networks.end());
  beforeEach(() => networks.next());

  it('hear a message once, whichever processes it comes to at the same time', async () => {
    const { processes, sums, updates } = await networks.world();
    const messages: Uint8Array[] = [];
    const recording: PetClient = {
      ...balanced(processes),
      send: (message) => Promise.resolve(messages.push(message)),
    };
    const copies = async (member: Member, phase: Tag): Promise<void> => {
      messages.length = 0;
      const { participant } = memberOf(recording, member, { signSecretKey: member.signSecretKey });
      await run({ participant });
      const before = (await processes[0].progress()).accepted;
      const outcomes = await Promise.allSettled([0, 1, 2, 0, 1, 2].map((i) => processes[i]!.receive(messages[0]!)));
      const codes = outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as PetError).code,
      );
      expect(
        codes.filter((code) => code === 'accepted'),
        phase,
      ).to.have.lengthOf(1);
      expect(
        codes.filter((code) => code === 'ERR_SECAGG_PET_REPEATED'),
        phase,
      ).to.have.lengthOf(5);
      expect((await processes[0].progress()).accepted).to.equal(before + 1);
    };
    await copies(sums[0]!, 'sum');
    await run(sums[1]!);
    await processes[0].advance();
    for (const member of updates.slice(0, 3)) await copies(member, 'update');
    await processes[0].advance();
    await run(sums[1]!);
    expect((await processes[0].advance())?.model).to.deep.equal(meanOf(updates.slice(0, 3), ONE));
  });

  it('take no more messages than the counts say, whichever processes they come to at the same time', async () => {
    const { processes, sums, updates } = await networks.world(
      { sum: { count: { min: 1, max: 2 } }, update: { count: { min: 3, max: 3 } } },
      24,
    );
    const take = async (members: readonly Member[]): Promise<void> => void (await Promise.all(members.map(run)));
    await take(sums);
    expect((await processes[0].progress()).accepted).to.equal(2);
    await processes[0].advance();
    await take(updates);
    expect(await processes[0].progress()).to.include({ accepted: 3, full: true });
    expect(await networks.rowsOfRound('pet_updates')).to.equal(3);
  });

  it('refuse a message of a phase that is over, of somebody who is not drawn, and of a lie about the sum participants', async () => {
    const { processes, sums, updates } = await networks.world();
    const [first] = processes;
    await run(sums[0]!);
    await run(sums[1]!);
    await first.advance();
    const update = async (by: Member, changes: Parameters<typeof updateOf>[2] = {}): Promise<unknown> =>
      first.receive(await updateOf(by, first, changes));
    const [summer, updater] = [sums[0]!, updates[0]!];
    const fewer = new Map([...(await seedsFor(first))].slice(1));
    await rejected('ERR_SECAGG_PET_PARTICIPANTS', update(updater, { seeds: fewer }));
    const seeds = new Map([...fewer, ['00'.repeat(32), systemRandom(80)]]);
    await rejected('ERR_SECAGG_PET_PARTICIPANTS', update(updater, { seeds }));
    await rejected('ERR_SECAGG_PET_TASK', update(summer));
    const { masked: maskedModel } = await maskModel(Float32Array.of(1, 0), { config: ONE, length: 2 });
    await rejected('ERR_SECAGG_PET_MISMATCH', update(updater, { maskedModel }));
    expect(await first.progress()).to.include({ accepted: 0, rejected: 4 });
    await update(updater);
    await rejected('ERR_SECAGG_PET_REPEATED', update(updater));
    expect(await first.progress()).to.include({ accepted: 1, rejected: 5 });
  });

  /** The messages that a member would send, in parts of at most 320 bytes. */
  const partsOf = async (processes: readonly PetRounds[], member: Member): Promise<Uint8Array[]> => {
    const messages: Uint8Array[] = [];
    const recording: PetClient = { ...balanced(processes), send: (message) => Promise.resolve(messages.push(message)) };
    const { signSecretKey } = member;
    await run(memberOf(recording, member, { signSecretKey, maxMessageBytes: 320 }));
    return messages;
  };

  it('put a message together whose parts come to several processes, after the first one in any order, and forget its parts then', async () => {
    const { processes, sums, updates } = await networks.world({ modelLength: 40 }, 16, { maxMessageBytes: 320 });
    await Promise.all(sums.map(run));
    await processes[0].advance();
    const messages = await partsOf(processes, updates[0]!);
    expect(messages.length).to.be.greaterThan(5);
    const outcomes: string[] = [];
    const [firstPart, ...others] = messages as [Uint8Array, ...Uint8Array[]];
    await rejected('ERR_SECAGG_PET_PENDING', processes[0].receive(others[0]!));
    for (const [i, message] of [firstPart, ...others.toReversed()].entries()) {
      // Each comes twice.
      outcomes.push(await processes[i % 3]!.receive(message));
      if (i < messages.length - 1) await processes[(i + 1) % 3]!.receive(message);
    }
    expect(outcomes.at(-1)).to.equal('accepted');
    expect(new Set(outcomes.slice(0, -1))).to.deep.equal(new Set(['incomplete']));
    const expectNoParts = async (): Promise<void> => {
      expect(await networks.rowsOfRound('pet_messages')).to.equal(0);
      expect(await networks.rowsOfRound('pet_message_parts')).to.equal(0);
      expect(await networks.rows('pet_networks', `network = '${networks.network}' and pending_bytes = 0`)).to.equal(1);
    };
    await expectNoParts();
    // Whoever was heard takes no room with the same message again.
    await rejected('ERR_SECAGG_PET_REPEATED', processes[1].receive(firstPart));
    await rejected('ERR_SECAGG_PET_PENDING', processes[2].receive(others[0]!));
    await expectNoParts();
    for (const member of updates.slice(1)) await run(member);
    await processes[0].advance();
    await Promise.all(sums.map(run));
    expect((await processes[0].advance())?.model).to.deep.equal(meanOf(updates, ONE));
  });

  it('read nothing of the parts before when another one comes, of which one message may have thousands', async () => {
    const { processes, sums, updates } = await networks.world({ modelLength: 400 }, 16, { maxMessageBytes: 320 });
    await Promise.all(sums.map(run));
    await processes[0].advance();
    const [first, ...others] = await partsOf(processes, updates[0]!);
    const statements: string[] = [];
    const process = networks.coordinator(
      { modelLength: 400 },
      overheard(networks.database.pool, (text) => void statements.push(text)),
    );
    await process.receive(first!);
    const ofParts: number[] = [];
    for (const part of others.slice(0, -1)) {
      statements.length = 0;
      expect(await process.receive(part)).to.equal('incomplete');
      ofParts.push(statements.filter((text) => text.includes('pet_message_parts')).length);
      expect(statements.filter((text) => text.includes('insert into') && text.includes('pet_message_parts'))).to.have.lengthOf(1);
    }
    expect(ofParts.length).to.be.greaterThan(20);
    expect(Math.max(...ofParts)).to.equal(1);
    expect(await process.receive(others.at(-1)!)).to.equal('accepted');
  });

  it('have no room for parts without end (X10)', async () => {
    const { processes, sums, updates } = await networks.world({ modelLength: 40, maxPendingBytes: 1500 }, 16, {
      maxMessageBytes: 320,
    });
    await run(sums[0]!);
    await processes[0].advance();
    const codes: string[] = [];
    const client: PetClient = {
      ...balanced(processes),
      async send(message) {
        await processes[0].receive(message).catch((error: unknown) => {
          codes.push((error as PetError).code);
          throw error;
        });
      },
    };
    await run(memberOf(client, updates[0]!, { signSecretKey: updates[0]!.signSecretKey, maxMessageBytes: 320 }));
    expect(codes).to.deep.equal(['ERR_SECAGG_PET_PENDING']);
    expect(await networks.rows('pet_networks', `network = '${networks.network}' and pending_bytes <= 1500`)).to.equal(1);
  });

  it('are not forgotten because of their own next part, although no other has waited so long: another one makes room', async () => {
    const { processes, sums, updates } = await networks.world({ modelLength: 40, maxPendingBytes: 2800 }, 16, {
      maxMessageBytes: 320,
    });
    await run(sums[0]!);
    await processes[0].advance();
    const [slow, other] = [await partsOf(processes, updates[0]!), await partsOf(processes, updates[1]!)];
    const passes = (seconds: number): Promise<unknown> =>
      networks.database.pool.query(`update ${networks.quoted}.pet_messages set kept = kept - make_interval(secs => ${seconds})`);
    expect(await processes[0].receive(slow[0]!)).to.equal('incomplete');
    await passes(10);
    expect(await processes[1].receive(other[0]!)).to.equal('incomplete');
    await passes(40);
    for (const part of slow.slice(1, 3)) expect(await processes[2].receive(part)).to.equal('incomplete');
    expect(await networks.rowsOfRound('pet_messages'), 'the other one has made room').to.equal(1);
    await rejected('ERR_SECAGG_PET_PENDING', processes[0].receive(other[1]!));
    await passes(40);
    for (const part of slow.slice(3, -1)) {
      const outcome = await processes[0].receive(part).catch((error: unknown) => (error as PetError).code);
      expect(outcome).to.be.oneOf(['incomplete', 'ERR_SECAGG_PET_PENDING']);
    }
    expect(await networks.rowsOfRound('pet_messages'), 'alone, too, it stays').to.equal(1);
  });

  it('lose no message that was accepted, although every process dies after each statement that it may die at', async () => {
    const { sums, updates } = await networks.world();
    /** A process whose connections break after so many statements: what was committed is there, and nobody knows what. */
    const dying = (statements: number): PostgresPetCoordinator => {
      let left = statements;
      return networks.coordinator(
        {},
        overheard(networks.database.pool, () => {
          if (left-- <= 0) throw new Error('the process is dead');
        }),
      );
    };
    const sendUntilHeard = async (member: Member): Promise<void> => {
      for (let statements = 1; ; statements++) {
        const process = dying(statements);
        const client: PetClient = { ...balanced([networks.coordinator()]), send: (message) => process.receive(message) };
        const state = member.participant.save();
        const { signSecretKey } = member;
        member.participant = PetParticipant.restore(state, {
          signSecretKey,
          client,
          models: { load: () => Promise.resolve(member) },
        });
        try {
          await run(member);
          return;
        } catch (error) {
          expect(error).to.be.instanceOf(StoreError);
        }
      }
    };
    for (const phase of [sums, updates, sums]) {
      for (const member of phase) await sendUntilHeard(member);
      expect((await networks.coordinator().progress()).accepted).to.equal(phase.length);
      let closed = null;
      for (let statements = 1; closed === null; statements++) {
        const { phase: before, round } = await networks.coordinator().progress();
        await dying(statements)
          .advance()
          .catch((error: unknown) => expect(error).to.be.instanceOf(StoreError));
        const now = await networks.coordinator().progress();
        closed = now.phase === before && now.round === round ? null : now;
      }
    }
    expect((await networks.coordinator().model())?.model).to.deep.equal(meanOf(updates, ONE));
  });
});
